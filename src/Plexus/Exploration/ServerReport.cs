using System.Net;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>What became of asking one STUN server.</summary>
/// <param name="Name">The server as it was named.</param>
/// <param name="EndPoint">Its endpoint; null when the name did not resolve.</param>
/// <param name="Mapped">Our endpoint as it saw it; null without an answer.</param>
/// <param name="RoundTrip">How long the answer took; null without one.</param>
/// <param name="Failure">Why there is no answer; null when there is one, or when nobody waited for it any longer.</param>
public sealed record ServerReport(
    EndpointName Name, IPEndPoint? EndPoint, IPEndPoint? Mapped, TimeSpan? RoundTrip, string? Failure);
