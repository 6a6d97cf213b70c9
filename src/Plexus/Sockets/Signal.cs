namespace Plexus.Sockets;

/// <summary>Wakes one waiter, or the next one if nobody waits; with a limit by an injected clock.</summary>
/// <remarks>
/// Task.WhenAny and Task.WaitAsync finish on the thread pool when what they wait for runs its continuations
/// asynchronously, and so leave a context that keeps continuations. Here one completion source is set by whatever comes
/// first, and the waiter resumes where it was.
/// </remarks>
internal sealed class Signal
{
    private readonly Lock _lock = new();
    private bool _isSet;
    private TaskCompletionSource? _waiter;

    /// <summary>Lets the waiter go. Setting it twice before anybody waits counts once.</summary>
    public void Set()
    {
        lock (_lock)
        {
            if (_waiter?.TrySetResult() != true) _isSet = true;
        }
    }

    /// <summary>Waits until the signal is set. One waiter at a time.</summary>
    /// <returns>False when the limit passed.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<bool> WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isSet)
            {
                _isSet = false;
                return true;
            }

            if (limit == TimeSpan.Zero) return false;
            _waiter = waiter;
        }

        bool timedOut = false;
        using (cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), waiter))
        using (ITimer? timer = limit == Timeout.InfiniteTimeSpan
            ? null
            : clock.CreateTimer(_ => timedOut |= waiter.TrySetResult(), null, limit, Timeout.InfiniteTimeSpan))
        {
            await waiter.Task;
        }

        lock (_lock) _waiter = null;
        cancellationToken.ThrowIfCancellationRequested();
        return !timedOut;
    }
}
