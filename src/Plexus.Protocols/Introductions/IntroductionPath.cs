using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Introductions;

/// <summary>How a side can be reached over one protocol.</summary>
/// <param name="Outer">Its endpoint as the world sees it; null when it has none.</param>
/// <param name="Nat">The NAT in front of it, as it says.</param>
/// <param name="Relay">The relay that it has taken; null when it has none.</param>
/// <param name="Route">Whether it wants to go over a relay.</param>
internal sealed record IntroductionPath(IPEndPoint? Outer, NatBehavior Nat, IPEndPoint? Relay, WishedRoute Route);
