namespace Plexus.Protocols.Introductions;

/// <summary>The transport that a side wishes for; the numbers are those of the original's files.</summary>
internal enum WishedTransport
{
    Any = 0,
    Udp = 1,
    Tcp = 2,
    Ssl = 3,
}
