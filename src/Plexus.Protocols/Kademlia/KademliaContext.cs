using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia;

/// <summary>The parts of a node that its searches share.</summary>
internal sealed class KademliaContext(
    KademliaOptions options, RandomSource random, Agenda agenda, NodeTable nodes, Transactions transactions, KademliaWriter writer,
    SignatureChecks signatures, EventQueue events, KademliaCounters counters)
{
    public KademliaOptions Options { get; } = options;

    public RandomSource Random { get; } = random;

    public Agenda Agenda { get; } = agenda;

    public NodeTable Nodes { get; } = nodes;

    public Transactions Transactions { get; } = transactions;

    public KademliaWriter Writer { get; } = writer;

    public SignatureChecks Signatures { get; } = signatures;

    public EventQueue Events { get; } = events;

    public KademliaCounters Counters { get; } = counters;

    /// <summary>Seconds since 1970 at <see cref="Instant.Zero"/>; only the shell knows them.</summary>
    public long UnixTimeAtStart { get; set; }

    public long UnixTime(Instant now) => UnixTimeAtStart + (long)now.SinceStart.TotalSeconds;

    /// <summary>Told that a search reached nobody.</summary>
    public Action<Instant>? SearchFailed { get; set; }

    /// <summary>Told of a node that answered a search without a token.</summary>
    public Action<RemoteNode, Instant>? AnsweredWithoutToken { get; set; }
}
