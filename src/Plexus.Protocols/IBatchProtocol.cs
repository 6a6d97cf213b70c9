using System.Net;

namespace Plexus.Protocols;

/// <summary>A conversation whose datagrams come and go by the dozen, so that one system call takes many of them.</summary>
/// <remarks>Both ways of each method do the same; a driver uses one of them.</remarks>
internal interface IBatchProtocol : IDatagramProtocol
{
    /// <summary>Takes datagrams of one source that lie one after another.</summary>
    /// <param name="datagrams">The datagrams; they may be changed in place.</param>
    /// <param name="datagramLength">The length of each, in bytes; only the last may be shorter.</param>
    /// <param name="from">The source of all of them.</param>
    /// <param name="now">The time.</param>
    void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now);

    /// <summary>Writes datagrams that are due to one destination. The buffer holds at least 65,507 bytes.</summary>
    bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch);
}
