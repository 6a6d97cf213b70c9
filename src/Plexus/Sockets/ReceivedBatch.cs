using System.Net;

namespace Plexus.Sockets;

/// <summary>Datagrams of one source that a socket received at once, one after another.</summary>
/// <param name="Length">Their length together, in bytes; at least 1.</param>
/// <param name="DatagramLength">The length of each, in bytes; only the last may be shorter.</param>
/// <param name="From">The source of all of them.</param>
internal readonly record struct ReceivedBatch(int Length, int DatagramLength, IPEndPoint From);
