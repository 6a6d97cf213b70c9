using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia;

/// <summary>A result of an operation.</summary>
/// <param name="Value">With <see cref="KademliaEventKind.Value"/> and <see cref="KademliaEventKind.Expired"/>.</param>
/// <param name="Fields">With <see cref="KademliaEventKind.Fields"/>.</param>
internal readonly record struct KademliaEvent(
    KademliaOperation Operation, KademliaEventKind Kind, DhtValue? Value = null, SelectedFields? Fields = null);
