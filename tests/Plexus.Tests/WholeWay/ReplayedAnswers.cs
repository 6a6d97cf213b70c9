using System.Net;
using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus.Tests.WholeWay;

/// <summary>A rendezvous where old answers of the peer come first, as after a replay that no signature forbids.</summary>
internal sealed class ReplayedAnswers(IRendezvous inner, string address, int count) : IRendezvous
{
    public Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await introduce(cancellationToken);
        for (int i = 0; i < count; i++) yield return new Introduction(new IPEndPoint(IPAddress.Parse(address), 20_000 + i), (ulong)i + 99);
        await foreach (Introduction theirs in inner.InviteAsync(host, peer, introduce, cancellationToken)) yield return theirs;
    }

    public IAsyncEnumerable<Invitation> AcceptAsync(Identity host, IdentityName peers, CancellationToken cancellationToken = default) =>
        inner.AcceptAsync(host, peers, cancellationToken);

    public Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default) =>
        inner.ForwardAdventAsync(host, peer, cancellationToken);

    public IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, CancellationToken cancellationToken = default) =>
        inner.ReceiveAdventsAsync(host, peers, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
