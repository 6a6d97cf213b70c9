namespace Plexus.Sockets;

/// <summary>Lets one in at a time, in order of arrival.</summary>
/// <remarks>A SemaphoreSlim would do, but its waiters resume on the thread pool and so leave a context that keeps continuations.</remarks>
internal sealed class Turnstile(int places = 1)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
    private int _free = places;

    /// <summary>Waits for a place. Each that is entered is left once.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<bool>> place;
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }

            place = _waiting.AddLast(turn);
        }

        using (cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), turn))
        {
            if (await turn.Task) return;
        }

        lock (_lock)
        {
            if (place.List is not null) _waiting.Remove(place);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Gives the place to the next one.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            while (_waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                if (next.Value.TrySetResult(true)) return;
            }

            _free++;
        }
    }
}
