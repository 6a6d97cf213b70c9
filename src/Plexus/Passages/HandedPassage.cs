using Microsoft.Extensions.Logging;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Protocols;
using Plexus.Protocols.Punch;
using Plexus.Sockets;

namespace Plexus.Passages;

/// <summary>A passage in the hands of a payload of this process: its socket is open, and its handshake may still have to answer.</summary>
/// <param name="Socket">The socket; closed with this.</param>
/// <param name="Companion">The handshake, which runs beside the payload on the same socket.</param>
/// <param name="Role">Our part in the punching.</param>
/// <param name="Ticket">Both ends.</param>
/// <param name="Host">Who we are, with the private key.</param>
/// <param name="Peer">Who is at the other end, with the certificate of the repository.</param>
internal sealed record HandedPassage(
    IDatagramSocket Socket,
    IDatagramProtocol Companion,
    PunchRole Role,
    PassageTicket Ticket,
    Identity Host,
    Identity Peer,
    TimeProvider Clock,
    ILogger Logger,
    ExploredSocket Explored) : IAsyncDisposable
{
    /// <summary>Closes the socket and gives its port free.</summary>
    public ValueTask DisposeAsync() => Explored.DisposeAsync();
}
