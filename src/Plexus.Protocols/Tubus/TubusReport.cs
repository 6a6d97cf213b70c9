namespace Plexus.Protocols.Tubus;

/// <summary>How a channel does.</summary>
/// <param name="RoundTrip">The smoothed round trip; null before the first measurement.</param>
/// <param name="LeastRoundTrip">The least round trip of the last ten seconds; null before the first measurement.</param>
/// <param name="BytesSent">Octets of the stream that were sent, each counted once.</param>
/// <param name="BytesReceived">Octets of the stream that arrived in order.</param>
/// <param name="BytesRepeated">Octets of the stream that were sent again.</param>
/// <param name="DatagramsSent">Datagrams of all kinds.</param>
/// <param name="DatagramsReceived">Datagrams that were understood.</param>
/// <param name="DatagramsDropped">Datagrams that were not ours, or not well formed.</param>
/// <param name="FragmentsLost">Pieces that were given up and sent again.</param>
/// <param name="FragmentsSpurious">Pieces among them that had arrived.</param>
/// <param name="ProbeTimeouts">How often nothing came back for suspiciously long.</param>
/// <param name="InFlight">Bytes on their way.</param>
/// <param name="Window">Bytes that congestion control allows on their way.</param>
/// <param name="BytesPerSecond">The pacing rate; positive infinity when nothing is paced.</param>
/// <param name="ReceiveWindow">The size of the receive window, in bytes.</param>
/// <param name="DatagramLength">The largest datagram that is known to pass, as UDP payload in bytes.</param>
internal readonly record struct TubusReport(
    TimeSpan? RoundTrip,
    TimeSpan? LeastRoundTrip,
    long BytesSent,
    long BytesReceived,
    long BytesRepeated,
    long DatagramsSent,
    long DatagramsReceived,
    long DatagramsDropped,
    long FragmentsLost,
    long FragmentsSpurious,
    long ProbeTimeouts,
    long InFlight,
    long Window,
    double BytesPerSecond,
    int ReceiveWindow,
    int DatagramLength);
