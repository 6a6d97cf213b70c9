using System.Runtime.CompilerServices;

namespace Plexus.Sockets;

/// <summary>A synchronization context on which the library's continuations may stay: a virtual clock's.</summary>
internal interface IKeepsContinuations;

/// <summary>Leaves the caller's context once, at each public entry, instead of at every await.</summary>
/// <remarks>
/// A caller with a user interface may block on a task of ours without a deadlock, and the library stays free of
/// ConfigureAwait. See docs/decisions/0002-one-hop.md.
/// </remarks>
internal readonly struct CallerContext : ICriticalNotifyCompletion
{
    /// <summary>Nothing to leave: a pool thread, or a context that keeps continuations on purpose.</summary>
    public bool IsCompleted => SynchronizationContext.Current is null or IKeepsContinuations;

    /// <summary>Awaited first in each public asynchronous method.</summary>
    public static CallerContext Leave() => default;

    public CallerContext GetAwaiter() => this;

    public void GetResult() { }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static state => ((Action)state!)(), continuation);
}
