using System.Net;

namespace Plexus.Protocols;

/// <summary>Where the datagram goes that a core has just written.</summary>
/// <param name="Length">Its length, in bytes from the start of the buffer.</param>
/// <param name="To">The destination.</param>
/// <param name="Hops">The IP time-to-live, 1 to 255; null leaves the system's default.</param>
internal readonly record struct Transmit(int Length, IPEndPoint To, byte? Hops = null);
