using Plexus.Identities;
using Plexus.Tests.Identities;

namespace Plexus.Tests;

public sealed class AttemptBookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Identity _alice;
    private readonly Identity _bob;
    private readonly List<string> _ended = [];

    public AttemptBookTests()
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob"]);
        IdentityRepository repository = new(_folder.Path);
        (_alice, _bob) = (repository.LoadPeer(SampleKeys.Alice), repository.LoadPeer(SampleKeys.Bob));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_ninth_attempt_of_a_peer_ends_its_first_one()
    {
        using CancellationTokenSource stop = new();
        AttemptBook book = new(maximum: 100);
        Assert.False(Add(book, _bob, "bob", stop));
        for (int i = 1; i <= 8; i++) Assert.False(Add(book, _alice, $"alice {i}", stop));
        Assert.True(Add(book, _alice, "alice 9", stop));
        Assert.Equal(["alice 1"], _ended);
        Assert.True(Add(book, _alice, "alice 10", stop));
        Assert.Equal(["alice 1", "alice 2"], _ended);
        stop.Cancel();
        await book.AllEndedAsync();
        Assert.Equal(11, _ended.Count);
    }

    [Fact]
    public async Task An_attempt_that_gives_way_while_it_waits_never_begins()
    {
        using CancellationTokenSource stop = new();
        AttemptBook book = new(maximum: 1, ofOnePeer: 1);
        Add(book, _bob, "bob", stop); // Has the only turn.
        Assert.False(Add(book, _alice, "alice 1", stop));
        Assert.True(Add(book, _alice, "alice 2", stop));
        Assert.True(Add(book, _bob, "bob again", stop));
        Assert.Equal(["bob"], _ended);
        stop.Cancel();
        await book.AllEndedAsync();
        Assert.DoesNotContain("alice 1", _ended);
        Assert.Contains("alice 2", _ended);
    }

    [Fact]
    public async Task An_attempt_that_has_ended_counts_no_more()
    {
        AttemptBook book = new(maximum: 100, ofOnePeer: 1);
        Assert.False(book.Add(_alice, static _ => Task.CompletedTask, CancellationToken.None));
        Assert.False(book.Add(_alice, static _ => Task.CompletedTask, CancellationToken.None));
        await book.AllEndedAsync();
    }

    private bool Add(AttemptBook book, Identity peer, string name, CancellationTokenSource stop) => book.Add(
        peer,
        async token =>
        {
            TaskCompletionSource ended = new();
            using CancellationTokenRegistration end = token.Register(() =>
            {
                _ended.Add(name);
                ended.SetResult();
            });
            await ended.Task;
        },
        stop.Token);
}
