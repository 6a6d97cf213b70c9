using System.Net;
using Microsoft.Extensions.Logging;

namespace Plexus.Rendezvous;

/// <summary>Invitations that come several ways: each counts once, and is answered the ways it came.</summary>
internal sealed class CombinedInvitations(ILogger logger, CancellationToken cancellationToken)
{
    private const int Capacity = 4_096; // As each way remembers.

    private readonly Dictionary<(string Peer, ulong Puzzle, IPEndPoint EndPoint), Conversation> _known = [];
    private readonly Queue<(string Peer, ulong Puzzle, IPEndPoint EndPoint)> _order = [];

    /// <summary>Takes an invitation.</summary>
    /// <returns>It, with an answer that goes every way; null when it came another way before.</returns>
    public Invitation? Add(Invitation arrived)
    {
        (string, ulong, IPEndPoint) key = (arrived.Peer.KeyIdText, arrived.Theirs.Puzzle, arrived.Theirs.EndPoint);
        if (_known.TryGetValue(key, out Conversation? conversation))
        {
            conversation.Add(arrived, logger, cancellationToken);
            return null;
        }

        if (_order.Count == Capacity) _known.Remove(_order.Dequeue());
        _known.Add(key, conversation = new Conversation(arrived));
        _order.Enqueue(key);
        return new Invitation(arrived.Peer, arrived.Theirs, conversation.AnswerAsync);
    }

    private sealed class Conversation(Invitation first)
    {
        private readonly List<Invitation> _others = [];
        private readonly Lock _lock = new();
        private Introduction? _ours;

        public void Add(Invitation other, ILogger logger, CancellationToken cancellationToken)
        {
            Introduction? ours;
            lock (_lock)
            {
                ours = _ours;
                if (ours is null) _others.Add(other);
            }

            if (ours is not null) _ = AnswerBesideAsync(other, ours, logger, cancellationToken);
        }

        public async Task AnswerAsync(Introduction ours, CancellationToken cancellationToken)
        {
            Invitation[] others;
            lock (_lock)
            {
                _ours = ours;
                others = [.. _others];
                _others.Clear();
            }

            Task[] answering = [.. others.Prepend(first).Select(one => one.AnswerAsync(ours, cancellationToken))];
            PlexusException? failure = null;
            int failed = 0;
            foreach (Task answer in answering)
            {
                try
                {
                    await answer;
                }
                catch (PlexusException e)
                {
                    (failure, failed) = (e, failed + 1);
                }
            }

            if (failed == answering.Length) throw failure!;
        }

        private static async Task AnswerBesideAsync(Invitation other, Introduction ours, ILogger logger, CancellationToken cancellationToken)
        {
            try
            {
                await other.AnswerAsync(ours, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The acceptor stops.
            }
            catch (PlexusException e)
            {
                CombinedLog.AnswerNotTaken(logger, other.Peer.Name, e.Message);
            }
        }
    }
}
