using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public class TurnstileTests
{
    [Fact]
    public async Task Waiters_get_in_by_their_order()
    {
        Turnstile turnstile = new();
        await turnstile.EnterAsync(CancellationToken.None);
        Task second = turnstile.EnterAsync(CancellationToken.None);
        Task third = turnstile.EnterAsync(CancellationToken.None);
        turnstile.Leave();
        await second;
        Assert.False(third.IsCompleted);
        turnstile.Leave();
        await third;
    }

    [Fact]
    public async Task A_waiter_that_gave_up_takes_no_place()
    {
        Turnstile turnstile = new();
        await turnstile.EnterAsync(CancellationToken.None);
        using CancellationTokenSource stop = new();
        Task impatient = turnstile.EnterAsync(stop.Token);
        Task patient = turnstile.EnterAsync(CancellationToken.None);
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        turnstile.Leave();
        await patient;
    }
}
