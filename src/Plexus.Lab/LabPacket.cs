using System.Net;

namespace Plexus.Lab;

/// <summary>A datagram on its way.</summary>
/// <param name="From">The source, as the last NAT left it.</param>
/// <param name="To">The destination, as the last NAT left it.</param>
/// <param name="Hops">What is left of its time-to-live.</param>
/// <param name="Payload">The bytes; nobody changes them.</param>
/// <param name="Trace">What is written about it.</param>
/// <param name="MayFragment">Whether a line that is too narrow cuts it, instead of dropping it.</param>
internal sealed record LabPacket(
    IPEndPoint From, IPEndPoint To, int Hops, byte[] Payload, TraceEntry Trace, bool MayFragment = false);
