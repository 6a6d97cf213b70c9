using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>Where the message goes that a <see cref="StunServer"/> has just written.</summary>
/// <param name="Length">Its length.</param>
/// <param name="To">The destination.</param>
/// <param name="Socket">The number of the socket that sends it, see <see cref="StunServerSockets"/>.</param>
internal readonly record struct StunServerAnswer(int Length, IPEndPoint To, int Socket);
