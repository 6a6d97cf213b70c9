using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus;

/// <summary>The acceptor's attempts under way: how many at once, and how many of one peer.</summary>
/// <remarks>
/// When a peer has too many, its oldest one gives way: an acceptor that was just started finds the invitations of inviters
/// that are gone, and the one that somebody waits for comes last.
/// </remarks>
/// <param name="maximum">How many run at once; the others wait for their turn.</param>
/// <param name="ofOnePeer">How many one peer may have, running and waiting.</param>
internal sealed class AttemptBook(int maximum, int ofOnePeer = AttemptBook.UsualOfOnePeer)
{
    /// <summary>8: a peer's inviters run one at a time; more than this is a peer gone wrong.</summary>
    public const int UsualOfOnePeer = 8;

    private readonly Turnstile _turns = new(maximum);
    private readonly Dictionary<string, List<CancellationTokenSource>> _ofPeer = []; // The oldest first.
    private readonly HashSet<Task> _running = [];
    private readonly Lock _lock = new();

    /// <summary>Starts an attempt now, or when it is its turn.</summary>
    /// <param name="peer">Whose it is.</param>
    /// <param name="attempt">The attempt; its token ends it.</param>
    /// <param name="cancellationToken">Ends all attempts.</param>
    /// <returns>Whether the oldest attempt of this peer was ended for it.</returns>
    public bool Add(Identity peer, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        string key = peer.KeyIdText;
        CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationTokenSource? oldest = null;
        lock (_lock)
        {
            if (!_ofPeer.TryGetValue(key, out List<CancellationTokenSource>? underWay)) _ofPeer.Add(key, underWay = []);
            if (underWay.Count == ofOnePeer)
            {
                oldest = underWay[0];
                underWay.RemoveAt(0);
            }

            underWay.Add(stop);
        }

        End(oldest);
        Task running = RunAsync(key, stop, attempt);
        lock (_lock)
        {
            _running.RemoveWhere(static task => task.IsCompleted);
            _running.Add(running);
        }

        return oldest is not null;
    }

    /// <summary>Waits until no attempt is under way.</summary>
    public Task AllEndedAsync()
    {
        lock (_lock) return Task.WhenAll(_running);
    }

    private static void End(CancellationTokenSource? attempt)
    {
        try
        {
            attempt?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself in this moment.
        }
    }

    private async Task RunAsync(string key, CancellationTokenSource stop, Func<CancellationToken, Task> attempt)
    {
        try
        {
            await _turns.EnterAsync(stop.Token);
            try
            {
                await attempt(stop.Token);
            }
            finally
            {
                _turns.Leave();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops, or a newer attempt came, while this one waited for its turn.
        }
        finally
        {
            lock (_lock)
            {
                if (_ofPeer.TryGetValue(key, out List<CancellationTokenSource>? underWay) && underWay.Remove(stop) && underWay.Count == 0) _ofPeer.Remove(key);
            }

            stop.Dispose();
        }
    }
}
