using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus;

/// <summary>The acceptor's attempts under way: how many at once, and how many of one peer.</summary>
internal sealed class AttemptBook(int maximum)
{
    /// <summary>8: a peer's inviters run one at a time; more than this is a peer gone wrong.</summary>
    private const int MaximumOfOnePeer = 8;

    private readonly Turnstile _turns = new(maximum);
    private readonly Dictionary<string, int> _ofPeer = [];
    private readonly HashSet<Task> _running = [];
    private readonly Lock _lock = new();

    /// <summary>Starts an attempt now, or when it is its turn.</summary>
    /// <returns>False when the peer has too many under way.</returns>
    public bool TryAdd(Identity peer, Func<Task> attempt, CancellationToken cancellationToken)
    {
        string key = peer.KeyIdText;
        lock (_lock)
        {
            int underWay = _ofPeer.GetValueOrDefault(key);
            if (underWay >= MaximumOfOnePeer) return false;
            _ofPeer[key] = underWay + 1;
        }

        Task running = RunAsync(key, attempt, cancellationToken);
        lock (_lock)
        {
            _running.RemoveWhere(static task => task.IsCompleted);
            _running.Add(running);
        }

        return true;
    }

    /// <summary>Waits until no attempt is under way.</summary>
    public Task AllEndedAsync()
    {
        lock (_lock) return Task.WhenAll(_running);
    }

    private async Task RunAsync(string key, Func<Task> attempt, CancellationToken cancellationToken)
    {
        try
        {
            await _turns.EnterAsync(cancellationToken);
            try
            {
                await attempt();
            }
            finally
            {
                _turns.Leave();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops while the attempt waits for its turn.
        }
        finally
        {
            lock (_lock)
            {
                if (--_ofPeer[key] == 0) _ofPeer.Remove(key);
            }
        }
    }
}
