namespace Plexus.App.Commands;

/// <summary>The answer of one endpoint to <c>plexus dht ping</c>.</summary>
/// <param name="EndPoint">Who was asked.</param>
/// <param name="Id">Its node id; null when it did not answer.</param>
/// <param name="Milliseconds">The round trip.</param>
/// <param name="SeesUsAs">Our address as it sees it.</param>
internal sealed record DhtPingFacts(string EndPoint, string? Id, double? Milliseconds, string? SeesUsAs);
