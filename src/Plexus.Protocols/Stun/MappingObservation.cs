using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>What one server saw of our socket.</summary>
/// <param name="Server">Whom we asked.</param>
/// <param name="Mapped">Our endpoint as it saw it.</param>
/// <param name="At">When the answer came.</param>
/// <param name="RoundTrip">How long it took.</param>
/// <param name="IsAlternate">Whether this is another address or port of a server that was asked already: no independent witness.</param>
internal readonly record struct MappingObservation(
    IPEndPoint Server, IPEndPoint Mapped, Instant At, TimeSpan RoundTrip, bool IsAlternate = false);
