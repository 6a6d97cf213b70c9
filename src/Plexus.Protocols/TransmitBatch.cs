using System.Net;

namespace Plexus.Protocols;

/// <summary>Where the datagrams go that a core has just written one after another.</summary>
/// <param name="Length">Their length together, in bytes from the start of the buffer.</param>
/// <param name="DatagramLength">The length of each, in bytes; only the last may be shorter.</param>
/// <param name="To">The destination of all of them.</param>
/// <param name="MayFragment">
/// Whether IP may cut them. If not, one that is too long for a link of the path is lost there, as path MTU discovery wants it.
/// </param>
/// <param name="Hops">The IP time-to-live, 1 to 255; null leaves the system's default.</param>
internal readonly record struct TransmitBatch(
    int Length, int DatagramLength, IPEndPoint To, bool MayFragment = false, byte? Hops = null);
