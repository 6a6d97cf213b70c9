using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>The values that nodes have told of under one key: which are new to the application, and when the last copy has ended.</summary>
/// <remarks>
/// Told apart by content, not by id alone: whoever first tells of junk under an id must not hide the real value. A
/// newer edition of a signed value takes the place of the older, never the reverse. No node gets more than a
/// quarter of the room, so that one hostile node hides nothing either.
/// </remarks>
internal sealed class CollectedValues
{
    /// <summary>Most values kept; later ones are not reported. OpenDHT caches as many for each node.</summary>
    public const int Capacity = 4096;

    /// <summary>Most bytes kept.</summary>
    public const int MaxBytes = 8 << 20;

    private const int SourcesOfFullShare = 4;

    // A node holds one value under an id. Contents are compared one by one, so that many under one id would cost their square.
    private const int ContentsOfSource = 4;

    private readonly Dictionary<ulong, List<Entry>> _entries = [];
    private readonly Dictionary<InfoHash, (int Count, long Bytes)> _shares = [];
    private int _count;
    private long _bytes;

    /// <summary>No copy ends before this; null when nothing is kept.</summary>
    public Instant? NextEnd { get; private set; }

    public IEnumerable<DhtValue> Values => _entries.Values.SelectMany(entries => entries).Select(entry => entry.Value);

    /// <summary>Notes that a node has a value. True when the application has not heard of it.</summary>
    /// <param name="value">The value.</param>
    /// <param name="source">The node that tells; our own id for our own store.</param>
    /// <param name="until">When its copy ends if it is not refreshed.</param>
    public bool Add(DhtValue value, InfoHash source, Instant until) => Note(value, source, until) == Novelty.New;

    /// <summary>Notes that a node has a value.</summary>
    /// <inheritdoc cref="Add" path="/param"/>
    public Novelty Note(DhtValue value, InfoHash source, Instant until)
    {
        int contents = 0;
        if (_entries.TryGetValue(value.Id, out List<Entry>? entries))
        {
            foreach (Entry entry in entries)
            {
                if (entry.Source == source) contents++;
                bool isSame = entry.Value.HasSameContent(value);
                bool isEdition = entry.Value.IsSigned && value.IsSigned && entry.Value.OwnerId == value.OwnerId;
                if (!isSame && !isEdition) continue;
                bool isNewer = !isSame && value.Sequence > entry.Value.Sequence;
                if (!isSame && !isNewer) return Novelty.Known; // A node that has missed an edition.
                if (isNewer && !TryCharge(entry.Source, 0, value.Size - entry.Value.Size)) return Novelty.Unremembered;
                if (isNewer) entry.Value = value;
                entry.Hold(source, until);
                NextEnd = Instant.Earliest(NextEnd, until);
                return isNewer ? Novelty.New : Novelty.Known;
            }
        }

        if (contents >= ContentsOfSource || !TryCharge(source, 1, value.Size)) return Novelty.Unremembered;
        if (entries is null) _entries.Add(value.Id, entries = new List<Entry>(1));
        Entry added = new(value, source);
        added.Hold(source, until);
        entries.Add(added);
        NextEnd = Instant.Earliest(NextEnd, until);
        return Novelty.New;
    }

    /// <summary>A node has confirmed its copies with this id.</summary>
    public void Refresh(ulong id, InfoHash source, Func<DhtValue, Instant> until)
    {
        if (!_entries.TryGetValue(id, out List<Entry>? entries)) return;
        foreach (Entry entry in entries)
        {
            if (entry.Holders.ContainsKey(source)) entry.Hold(source, until(entry.Value));
        }
    }

    /// <summary>A node's copies with this id have ended. Answers the values that no node has any more.</summary>
    public IReadOnlyList<DhtValue> End(ulong id, InfoHash source) =>
        _entries.TryGetValue(id, out List<Entry>? entries) ? Drop(id, entries, entry => entry.Holders.Remove(source)) : [];

    /// <summary>Lets copies end whose time has come. Answers the values that no node has any more.</summary>
    public IReadOnlyList<DhtValue> End(Instant now)
    {
        if (NextEnd is null || now < NextEnd) return [];
        List<DhtValue> ended = [];
        NextEnd = null;
        foreach (ulong id in _entries.Keys.ToArray()) ended.AddRange(Drop(id, _entries[id], entry => RemoveEnded(entry, now)));
        return ended;
    }

    private void RemoveEnded(Entry entry, Instant now)
    {
        foreach ((InfoHash holder, Instant until) in entry.Holders.ToArray())
        {
            if (until <= now) entry.Holders.Remove(holder);
            else NextEnd = Instant.Earliest(NextEnd, until);
        }
    }

    private List<DhtValue> Drop(ulong id, List<Entry> entries, Action<Entry> release)
    {
        List<DhtValue> ended = [];
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            Entry entry = entries[i];
            release(entry);
            if (entry.Holders.Count > 0) continue;
            entries.RemoveAt(i);
            ended.Add(entry.Value);
            TryCharge(entry.Source, -1, -entry.Value.Size);
        }

        if (entries.Count == 0) _entries.Remove(id);
        return ended;
    }

    private bool TryCharge(InfoHash source, int count, long bytes)
    {
        (int countOfSource, long bytesOfSource) = _shares.GetValueOrDefault(source);
        if (count >= 0
            && (_count + count > Capacity
                || countOfSource + count > Capacity / SourcesOfFullShare
                || (bytes > 0 && (_bytes + bytes > MaxBytes || bytesOfSource + bytes > MaxBytes / SourcesOfFullShare))))
        {
            return false;
        }

        _count += count;
        _bytes += bytes;
        if (countOfSource + count == 0) _shares.Remove(source);
        else _shares[source] = (countOfSource + count, bytesOfSource + bytes);
        return true;
    }

    /// <param name="source">The node that told of it first, which it is charged to.</param>
    private sealed class Entry(DhtValue value, InfoHash source)
    {
        // More than ever listen or answer at a time; keeps a flood of node ids from growing it.
        private const int MaxHolders = 32;

        public DhtValue Value { get; set; } = value;

        public InfoHash Source { get; } = source;

        public Dictionary<InfoHash, Instant> Holders { get; } = new(1);

        public void Hold(InfoHash holder, Instant until)
        {
            if (Holders.Count < MaxHolders || Holders.ContainsKey(holder)) Holders[holder] = until;
        }
    }
}
