using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>A peer that keeps what it hears, and says what its test wants.</summary>
internal sealed class ScriptedPeer(KademliaLab lab, IPEndPoint endPoint, TimeSpan latency) : LabHost(endPoint, latency, isBehindNat: false)
{
    public static readonly byte[] Token = [.. Enumerable.Repeat((byte)7, 32)];

    private uint _lastId = 1000;

    public KademliaWriter Writer { get; set; } = new(InfoHash.Random(lab.Random.NextBytes));

    public InfoHash Id => Writer.Self;

    /// <summary>All that came, parts included.</summary>
    public List<(Instant At, KademliaMessage Message, IPEndPoint From)> Heard { get; } = [];

    /// <summary>Called for each message; null for silence.</summary>
    public Action<KademliaMessage, IPEndPoint>? Answer { get; set; }

    public IEnumerable<KademliaMessage> Requests(KademliaRequest kind) => Heard.Where(h => h.Message.Request == kind).Select(h => h.Message);

    public IEnumerable<Instant> TimesOf(KademliaRequest kind) => Heard.Where(h => h.Message.Request == kind).Select(h => h.At);

    public override void Receive(byte[] datagram, IPEndPoint from, Instant now)
    {
        if (!KademliaMessage.TryRead(datagram, out KademliaMessage? message)) throw new InvalidOperationException("The node sent what nobody can read.");
        Heard.Add((now, message!, from));
        Answer?.Invoke(message!, from);
    }

    public uint NextId() => ++_lastId;

    public void Send(IPEndPoint to, params byte[][] datagrams)
    {
        foreach (byte[] datagram in datagrams) lab.Send(this, to, datagram);
    }

    /// <summary>Answers everything as a well-behaved node without values or neighbours.</summary>
    public void Behave(params NodeEntry[] neighbours) => Answer = (message, from) =>
    {
        if (Reply(message, from, neighbours) is { } reply) Send(from, reply);
    };

    /// <summary>The answer of a well-behaved node; null if the message wants none.</summary>
    public byte[]? Reply(KademliaMessage message, IPEndPoint from, params NodeEntry[] neighbours) => message.Request switch
    {
        KademliaRequest.Ping or KademliaRequest.Update => Writer.Acknowledge(message.TransactionId, from),
        KademliaRequest.Find or KademliaRequest.Get => Writer.Nodes(message.TransactionId, from, neighbours, [], Token),
        KademliaRequest.Put => Writer.AcknowledgeValue(message.TransactionId, from, message.Values.Count > 0 ? message.Values[0].Id : 1),
        KademliaRequest.Refresh => Writer.AcknowledgeValue(message.TransactionId, from, message.ValueId),
        KademliaRequest.Listen => Writer.ListenReply(message.TransactionId, from, Token),
        _ => null,
    };
}
