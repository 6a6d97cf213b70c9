namespace Plexus.Tunnels;

/// <summary>What a tunnel has done and is doing.</summary>
/// <param name="Connections">Connections that are open.</param>
/// <param name="Opened">Connections that were opened, by either side.</param>
/// <param name="BytesSent">Bytes of data sent to the peer.</param>
/// <param name="BytesReceived">Bytes of data received from the peer.</param>
/// <param name="SentPerSecond">Bytes a second sent lately: since an earlier report, if that was a quarter of a second ago at least.</param>
/// <param name="ReceivedPerSecond">The same of what was received.</param>
/// <param name="RoundTrip">The time to the peer and back; null while it is not known.</param>
/// <param name="DatagramsDropped">Datagrams that would have had to wait.</param>
public sealed record TunnelReport(
    int Connections,
    long Opened,
    long BytesSent,
    long BytesReceived,
    double SentPerSecond,
    double ReceivedPerSecond,
    TimeSpan? RoundTrip,
    long DatagramsDropped);
