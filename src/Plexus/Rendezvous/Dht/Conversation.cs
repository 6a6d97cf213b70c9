using Plexus.Dht;

namespace Plexus.Rendezvous.Dht;

/// <summary>One inviter's attempt, as the acceptor sees it: an invitation, and its repetitions under greater ids.</summary>
/// <remarks>An answer is found by its id alone, so each repetition is answered under its own id, with the same introduction.</remarks>
internal sealed class Conversation(Func<ulong, Introduction, DhtPut> put)
{
    private const int MaximumAnswers = 16; // An inviter repeats itself about eight times in a minute.

    private readonly List<ulong> _waiting = [];
    private readonly Lock _lock = new();
    private Introduction? _ours;
    private int _answers;

    /// <summary>Takes the id of an invitation; it is answered now, or as soon as there is an answer.</summary>
    public void Add(ulong id)
    {
        lock (_lock)
        {
            if (_answers + _waiting.Count >= MaximumAnswers) return;
            _waiting.Add(id);
            if (_ours is not null) AnswerWaiting(_ours);
        }
    }

    /// <summary>Answers what has been asked and what will be.</summary>
    /// <returns>The put of the latest answer; null when all were answered before.</returns>
    public DhtPut? Answer(Introduction ours)
    {
        lock (_lock)
        {
            _ours = ours;
            return AnswerWaiting(ours);
        }
    }

    private DhtPut? AnswerWaiting(Introduction ours)
    {
        DhtPut? last = null;
        foreach (ulong id in _waiting) last = put(id, ours);
        _answers += _waiting.Count;
        _waiting.Clear();
        return last;
    }
}
