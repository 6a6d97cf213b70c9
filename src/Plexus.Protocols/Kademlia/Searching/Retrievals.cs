using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Searching;

/// <summary>The gets of a search: each is over when the eight closest nodes have answered it.</summary>
/// <remarks>docs/protocols/opendht-node.md, "Searches". One question asks for complete values; OpenDHT asks for ids first.</remarks>
internal sealed class Retrievals(KademliaContext context, Search search)
{
    private readonly List<GetOperation> _gets = [];

    public bool HasWork => _gets.Count > 0;

    public void Add(GetOperation get, Instant now)
    {
        _gets.Add(get);
        search.Wake(now);
    }

    public void Remove(GetOperation get)
    {
        _gets.Remove(get);
        foreach (SearchNode node in search.Nodes) node.Answered.Remove(get);
    }

    /// <summary>A get that a node has not answered; null when it has answered all.</summary>
    /// <param name="node">Null for a node that is not known yet.</param>
    public GetOperation? Unanswered(SearchNode? node) => _gets.Find(get => node is null || !node.Answered.Contains(get));

    /// <summary>A node has answered the question of a get, and with it perhaps those of others. What it said was told before.</summary>
    public void OnAnswer(SearchNode node, GetOperation asked)
    {
        foreach (GetOperation get in _gets)
        {
            if (!get.Query.IsCoveredBy(asked.Query) || node.Answered.Contains(get)) continue;
            node.Answered.Add(get);
            if (++get.Answers == 1) context.Events.Add(new KademliaEvent(get, KademliaEventKind.Begun));
        }
    }

    public bool Wants(DhtValue value) => _gets.Exists(get => get.Query.Matches(value));

    /// <summary>A value was found whose signature is right, if it has one.</summary>
    public void OnValue(DhtValue value, InfoHash source, Instant until)
    {
        foreach (GetOperation get in _gets) Tell(get, value, source, until);
    }

    public void OnFields(SelectedFields fields)
    {
        foreach (GetOperation get in _gets)
        {
            if (get.Query.Select.Count > 0 && get.IsNew(fields)) context.Events.Add(new KademliaEvent(get, KademliaEventKind.Fields, Fields: fields));
        }
    }

    /// <summary>Reports a value to one get.</summary>
    public void Tell(GetOperation get, DhtValue value, InfoHash source, Instant until)
    {
        if (!get.Query.Matches(value) || !get.Values.Add(value, source, until)) return;
        if (get.Query.Select.Count == 0) context.Events.Add(new KademliaEvent(get, KademliaEventKind.Value, value));
        else if (get.IsNew(SelectedFields.Of(value))) context.Events.Add(new KademliaEvent(get, KademliaEventKind.Fields, Fields: SelectedFields.Of(value)));
    }

    /// <summary>The search is synced: a get that all of the closest nodes have answered is complete.</summary>
    public void Finish(List<SearchNode> closest)
    {
        for (int i = _gets.Count - 1; i >= 0; i--)
        {
            GetOperation get = _gets[i];
            if (closest.TrueForAll(node => node.Answered.Contains(get))) End(get, KademliaEventKind.Complete);
        }
    }

    public void OnUnreachable()
    {
        for (int i = _gets.Count - 1; i >= 0; i--) End(_gets[i], KademliaEventKind.Unreachable);
    }

    private void End(GetOperation get, KademliaEventKind how)
    {
        Remove(get);
        get.IsFinished = true;
        context.Events.Add(new KademliaEvent(get, how));
    }
}
