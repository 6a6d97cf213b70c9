using Microsoft.Extensions.Time.Testing;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public class SignalTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Signal _signal = new();

    [Fact]
    public async Task A_signal_that_was_set_before_lets_the_next_waiter_through_once()
    {
        _signal.Set();
        _signal.Set();
        Assert.True(await Wait(Timeout.InfiniteTimeSpan));
        Assert.False(await Wait(TimeSpan.Zero));
    }

    [Fact]
    public async Task Setting_it_wakes_the_waiter()
    {
        Task<bool> waiting = Wait(Timeout.InfiniteTimeSpan);
        Assert.False(waiting.IsCompleted);
        _signal.Set();
        Assert.True(await waiting);
        Assert.False(await Wait(TimeSpan.Zero)); // It was used up by the waiter.
    }

    [Fact]
    public async Task The_limit_ends_the_waiting()
    {
        Task<bool> waiting = Wait(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await waiting);
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_waiting()
    {
        using CancellationTokenSource stop = new();
        Task<bool> waiting = _signal.WaitAsync(Timeout.InfiniteTimeSpan, _clock, stop.Token).AsTask();
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _signal.Set();
        Assert.True(await Wait(TimeSpan.Zero)); // Nothing was lost.
    }

    private Task<bool> Wait(TimeSpan limit) => _signal.WaitAsync(limit, _clock, CancellationToken.None).AsTask();
}
