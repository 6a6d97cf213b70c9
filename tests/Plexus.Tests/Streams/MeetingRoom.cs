using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus.Tests.Streams;

/// <summary>A rendezvous inside one process, for tests that begin with the passage.</summary>
/// <param name="Identities">Who may come here.</param>
internal sealed record MeetingRoom(params Identity[] Identities) : IRendezvous
{
    private readonly Channel<(Identity From, Identity To, Introduction Theirs, TaskCompletionSource<Introduction> Answer)> _letters =
        Channel.CreateUnbounded<(Identity, Identity, Introduction, TaskCompletionSource<Introduction>)>();

    public Task PrepareAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        TaskCompletionSource<Introduction> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _letters.Writer.TryWrite((host, peer, await introduce(cancellationToken), answer));
        yield return await answer.Task.WaitAsync(cancellationToken);
    }

    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach ((Identity from, Identity to, Introduction theirs, TaskCompletionSource<Introduction> answer) in _letters.Reader.ReadAllAsync(cancellationToken))
        {
            Assert.Equal(host.Name, to.Name);
            // The acceptor knows the inviter's certificate only.
            yield return new Invitation(Array.Find(Identities, one => one.Name == from.Name)!, theirs, (ours, _) =>
            {
                answer.TrySetResult(ours);
                return Task.CompletedTask;
            });
        }
    }

    public Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public async IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        yield break;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
