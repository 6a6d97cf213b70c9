using System.Net;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>What a node answered to a ping.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ReportedAddress">Our address as it sees it; null when it does not say.</param>
/// <param name="RoundTrip">How long the answer took.</param>
internal readonly record struct PingAnswer(InfoHash Id, IPAddress? ReportedAddress, TimeSpan RoundTrip);
