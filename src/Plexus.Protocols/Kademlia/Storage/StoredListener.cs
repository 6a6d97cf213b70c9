using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Somebody who wants to hear of the values under a key; on the agenda for the end of the registration.</summary>
internal sealed class StoredListener(ValueStore store, StoredKey key, RemoteNode node, uint socketId) : Timed
{
    /// <summary>How long a registration lasts that is not renewed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public StoredKey Key { get; } = key;

    public RemoteNode Node { get; } = node;

    /// <summary>Where its token proved that it is; its claims to be elsewhere are not followed, since pushes are larger than claims.</summary>
    public required IPEndPoint EndPoint { get; set; }

    /// <summary>The listener's own number for it, which all pushes repeat.</summary>
    public uint SocketId { get; } = socketId;

    /// <summary>The account it is charged to.</summary>
    public AddressGroup Address { get; init; }

    public ValueQuery Query { get; set; } = ValueQuery.Everything;

    /// <summary>Version 0 of the protocol: pushes are replies that nobody acknowledges.</summary>
    public bool IsLegacy { get; set; }

    /// <summary>A push was lost: the next renewal brings everything again.</summary>
    public bool HasMissed { get; set; }

    public override void OnDue(Instant now) => store.Remove(this);
}
