using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus.Tests.WholeWay;

/// <summary>A rendezvous where all that comes has the form of the original, as what a peer signed before it had this program.</summary>
internal sealed class OldIntroductions(IRendezvous inner) : IRendezvous
{
    public Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Introduction theirs in inner.InviteAsync(host, peer, introduce, cancellationToken)) yield return Old(theirs);
    }

    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Invitation invitation in inner.AcceptAsync(host, peers, cancellationToken))
            yield return new Invitation(invitation.Peer, Old(invitation.Theirs), invitation.AnswerAsync);
    }

    public Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default) =>
        inner.ForwardAdventAsync(host, peer, cancellationToken);

    public IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, CancellationToken cancellationToken = default) =>
        inner.ReceiveAdventsAsync(host, peers, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static Introduction Old(Introduction theirs) => new(theirs.EndPoint, theirs.Puzzle);
}
