using Plexus.Sockets;

namespace Plexus.Lab;

/// <summary>Runs every continuation of a scenario on one thread, in the order in which they came.</summary>
/// <remarks>
/// Code that leaves it (ConfigureAwait(false), Task.Run, or a TaskCompletionSource with RunContinuationsAsynchronously that
/// is awaited through WhenAny, WhenAll or WaitAsync) runs on the thread pool, while the virtual clock goes on without it. Such
/// code is noticed when it comes back: <see cref="ForeignPosts"/>.
/// </remarks>
internal sealed class LabContext : SynchronizationContext, IKeepsContinuations
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
    private int _thread = -1;

    /// <summary>How many continuations another thread has posted, so that their time was a matter of luck.</summary>
    public int ForeignPosts { get; private set; }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_queue)
        {
            _queue.Enqueue((d, state));
            if (_thread != -1 && Environment.CurrentManagedThreadId != _thread) ForeignPosts++;
            Monitor.Pulse(_queue);
        }
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new NotSupportedException("Only the laboratory's own thread may call Send.");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Makes this thread the laboratory's for the length of a call.</summary>
    internal void Own(Action body)
    {
        SynchronizationContext? before = Current;
        int threadBefore = _thread;
        SetSynchronizationContext(this);
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            body();
        }
        finally
        {
            _thread = threadBefore;
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Runs the continuation that waits longest.</summary>
    internal bool TryRunOne()
    {
        (SendOrPostCallback Callback, object? State) next;
        lock (_queue)
        {
            if (!_queue.TryDequeue(out next)) return false;
        }

        next.Callback(next.State);
        return true;
    }

    /// <summary>Waits in real time for a continuation from another thread.</summary>
    internal bool WaitForForeign(TimeSpan atMost)
    {
        lock (_queue) return _queue.Count > 0 || Monitor.Wait(_queue, atMost);
    }
}
