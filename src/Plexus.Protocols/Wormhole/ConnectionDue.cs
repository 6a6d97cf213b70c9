namespace Plexus.Protocols.Wormhole;

/// <summary>The frames without data that a connection has to send.</summary>
[Flags]
internal enum ConnectionDue
{
    None = 0,
    Open = 1,
    Accepted = 2,
    Refused = 4,
    Credit = 8,
    Blocked = 16,
    End = 32,
    Reset = 64,
}
