using System.Net;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>Keeps messages whose values follow in parts until all parts are here.</summary>
/// <remarks>
/// A message is known by its source and transaction id. Parts are taken in any order, also before their header. Time,
/// number of messages and memory are limited, for all and for each address group.
/// </remarks>
internal sealed class PartReassembly
{
    // The reference node's own times.
    private static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    // The reference node's limits for parts that come before their header.
    private const int MostEarlyParts = 98;
    private const int MostEarlyBytes = 122_912;

    // Our own limits. The reference node has none.
    private const int MostMessages = 1024;
    private const int MostMessagesPerGroup = 128;
    private const long MostBytes = 32 << 20;
    private const long MostBytesPerGroup = 8 << 20;
    private const int Overhead = 128; // What an object costs beside its bytes, roughly.

    private readonly Dictionary<(IPEndPoint From, uint TransactionId), Pending> _pending = [];
    private readonly Dictionary<AddressGroup, (int Messages, long Bytes)> _use = [];
    private long _bytes;

    /// <summary>When <see cref="Expire"/> is wanted next; may be early.</summary>
    public Instant? Deadline { get; private set; }

    /// <summary>How many messages are kept.</summary>
    public int Count => _pending.Count;

    /// <summary>How many bytes are kept, with an estimate of the overhead.</summary>
    public long Bytes => _bytes;

    /// <summary>Whether a header or parts of this message came already. Others count against the rate limit.</summary>
    public bool Expects(IPEndPoint from, uint transactionId) => _pending.ContainsKey((from, transactionId));

    /// <summary>Takes a message that announces values.</summary>
    /// <returns>The message with its values, if all parts came before; else null.</returns>
    public KademliaMessage? OnHeader(KademliaMessage header, IPEndPoint from, Instant now)
    {
        if (!_pending.TryGetValue((from, header.TransactionId), out Pending? pending))
        {
            pending = TryBegin(from, header.TransactionId, now);
            if (pending is null) return null;
        }

        if (pending.Header is not null) return null; // Sent again: what came of it stays.
        long cost = Overhead * (1L + header.Announced.Count + header.Values.Count + header.Nodes4.Count + header.Nodes6.Count)
            + header.Values.Sum(static v => (long)v.Size + v.Owner.Length);
        if (!TryCharge(pending, cost))
        {
            Forget(pending);
            return null;
        }

        pending.Header = header;
        pending.Last = now;
        foreach (AnnouncedValue value in header.Announced) pending.Sizes[value.Index] = value.Size;
        foreach (ValuePart part in pending.Early) Add(pending, part);
        pending.Early.Clear();
        return Complete(pending);
    }

    /// <summary>Takes the pieces of a part.</summary>
    /// <returns>The message with its values, when this was the last part; else null.</returns>
    public KademliaMessage? OnPart(KademliaMessage part, IPEndPoint from, Instant now)
    {
        if (!_pending.TryGetValue((from, part.TransactionId), out Pending? pending))
        {
            if (part.Parts.Count == 0) return null;
            pending = TryBegin(from, part.TransactionId, now);
            if (pending is null) return null;
        }

        foreach (ValuePart piece in part.Parts)
        {
            if (pending.Header is null)
            {
                if (!TryKeepEarly(pending, piece)) return null;
                pending.Last = now;
            }
            else if (TryCharge(pending, piece.Data.Length + Overhead))
            {
                if (Add(pending, piece)) pending.Last = now;
                else Refund(pending, piece.Data.Length + Overhead);
            }
        }

        return Complete(pending);
    }

    /// <summary>Forgets the messages that took too long. Early calls are harmless.</summary>
    public void Expire(Instant now)
    {
        Deadline = null;
        foreach (Pending pending in _pending.Values.ToArray())
        {
            Instant end = EndOf(pending);
            if (now > end) Forget(pending);
            else Deadline = Instant.Earliest(Deadline, end + TimeSpan.FromTicks(1));
        }
    }

    private static Instant EndOf(Pending pending)
    {
        Instant byTime = pending.Start + LongestTime;
        Instant byPause = pending.Last + LongestPause;
        return byTime < byPause ? byTime : byPause;
    }

    private static bool Add(Pending pending, ValuePart part)
    {
        if (!pending.Sizes.TryGetValue(part.Index, out int size)) return false;
        if (!pending.Assemblies.TryGetValue(part.Index, out ValueAssembly? assembly))
        {
            pending.Assemblies[part.Index] = assembly = new ValueAssembly(size);
        }

        if (!assembly.TryAdd(part)) return false;
        if (assembly.IsComplete) pending.CompleteValues++;
        return true;
    }

    private Pending? TryBegin(IPEndPoint from, uint transactionId, Instant now)
    {
        if (Deadline <= now) Expire(now);
        AddressGroup group = AddressGroup.Of(from.Address);
        (int messages, long bytes) = _use.GetValueOrDefault(group);
        if (_pending.Count >= MostMessages || messages >= MostMessagesPerGroup) return null;
        Pending pending = new() { From = from, TransactionId = transactionId, Group = group, Start = now, Last = now };
        _pending[(from, transactionId)] = pending;
        _use[group] = (messages + 1, bytes);
        Deadline = Instant.Earliest(Deadline, EndOf(pending) + TimeSpan.FromTicks(1));
        return pending;
    }

    private bool TryKeepEarly(Pending pending, ValuePart piece)
    {
        if (pending.Early.Count < MostEarlyParts
            && pending.EarlyBytes + piece.Data.Length <= MostEarlyBytes
            && TryCharge(pending, piece.Data.Length + Overhead))
        {
            pending.Early.Add(piece);
            pending.EarlyBytes += piece.Data.Length;
            return true;
        }

        Forget(pending);
        return false;
    }

    private KademliaMessage? Complete(Pending pending)
    {
        if (pending.Header is null || pending.CompleteValues < pending.Sizes.Count) return null;
        Forget(pending);
        List<DhtValue> values = [.. pending.Header.Values];
        foreach (AnnouncedValue announced in pending.Header.Announced)
        {
            if (DhtValue.TryUnpack(pending.Assemblies[announced.Index].Join(), out DhtValue? value)) values.Add(value!);
        }

        pending.Header.Values = values;
        pending.Header.Announced = [];
        return pending.Header;
    }

    private bool TryCharge(Pending pending, long bytes)
    {
        (int messages, long used) = _use[pending.Group];
        if (_bytes + bytes > MostBytes || used + bytes > MostBytesPerGroup) return false;
        _use[pending.Group] = (messages, used + bytes);
        _bytes += bytes;
        pending.Bytes += bytes;
        return true;
    }

    private void Refund(Pending pending, long bytes)
    {
        (int messages, long used) = _use[pending.Group];
        _use[pending.Group] = (messages, used - bytes);
        _bytes -= bytes;
        pending.Bytes -= bytes;
    }

    private void Forget(Pending pending)
    {
        _pending.Remove((pending.From, pending.TransactionId));
        Refund(pending, pending.Bytes);
        (int messages, long used) = _use[pending.Group];
        if (messages == 1) _use.Remove(pending.Group);
        else _use[pending.Group] = (messages - 1, used);
    }

    private sealed class Pending
    {
        public required IPEndPoint From { get; init; }
        public required uint TransactionId { get; init; }
        public required AddressGroup Group { get; init; }
        public required Instant Start { get; init; }
        public required Instant Last { get; set; }
        public KademliaMessage? Header { get; set; }
        public List<ValuePart> Early { get; } = [];
        public int EarlyBytes { get; set; }
        public Dictionary<int, int> Sizes { get; } = [];
        public Dictionary<int, ValueAssembly> Assemblies { get; } = [];
        public int CompleteValues { get; set; }
        public long Bytes { get; set; }
    }
}
