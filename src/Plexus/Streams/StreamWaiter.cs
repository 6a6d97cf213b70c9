using System.Threading.Tasks.Sources;

namespace Plexus.Streams;

/// <summary>One reader or one writer of a stream who waits; used again for the next one, so that waiting costs no memory.</summary>
/// <param name="gate">The stream's gate, inside which it begins and is decided.</param>
/// <param name="finish">What the one who waited does first, on his own thread, when he is let go; gives the result.</param>
internal sealed class StreamWaiter(Lock gate, Func<int> finish) : IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _cancellation;

    /// <summary>Whether somebody waits, and nobody has decided yet to let him go. Inside the gate.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether the one who waits goes on where he is let go; else on the thread pool, or in his own context.</summary>
    public bool CompletesInline
    {
        init => _core.RunContinuationsAsynchronously = !value;
    }

    /// <summary>Begins to wait. Inside the gate.</summary>
    public void Begin()
    {
        _core.Reset();
        IsPending = true;
    }

    /// <summary>The wait, as it is given to the one who waits. Outside the gate.</summary>
    public ValueTask<int> WithResult(CancellationToken cancellationToken)
    {
        Register(cancellationToken);
        return new ValueTask<int>(this, _core.Version);
    }

    /// <inheritdoc cref="WithResult"/>
    public ValueTask WithoutResult(CancellationToken cancellationToken)
    {
        Register(cancellationToken);
        return new ValueTask(this, _core.Version);
    }

    /// <summary>Decides that he is let go; the one who has decided calls <see cref="Complete"/> outside the gate. Inside the gate.</summary>
    public bool TryDecide()
    {
        if (!IsPending) return false;
        IsPending = false;
        return true;
    }

    /// <summary>Lets him go.</summary>
    public void Complete() => _core.SetResult(true);

    int IValueTaskSource<int>.GetResult(short token)
    {
        _cancellation.Dispose(); // Waits for a cancellation that is being told just now.
        _cancellation = default;
        _core.GetResult(token);
        return finish();
    }

    void IValueTaskSource.GetResult(short token) => ((IValueTaskSource<int>)this).GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Register(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled || _core.GetStatus(_core.Version) != ValueTaskSourceStatus.Pending) return;
        _cancellation = cancellationToken.UnsafeRegister(static (waiter, token) => ((StreamWaiter)waiter!).Cancel(token), this);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (!TryDecide()) return;
        }

        _core.SetException(new OperationCanceledException(cancellationToken));
    }
}
