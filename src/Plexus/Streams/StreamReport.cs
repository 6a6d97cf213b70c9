namespace Plexus.Streams;

/// <summary>How a stream does, at one moment.</summary>
/// <param name="RoundTrip">The smoothed round trip of the path; null before it has been measured.</param>
/// <param name="BytesSent">Bytes that were sent, each counted once. Encryption is counted, too.</param>
/// <param name="BytesReceived">Bytes that have arrived, in order.</param>
/// <param name="BytesRepeated">Bytes that were sent again, since they or the news of them were lost.</param>
/// <param name="BytesInFlight">Bytes that are on their way.</param>
/// <param name="DatagramLength">The longest datagram that is known to pass, in bytes of UDP payload.</param>
public readonly record struct StreamReport(
    TimeSpan? RoundTrip, long BytesSent, long BytesReceived, long BytesRepeated, long BytesInFlight, int DatagramLength);
