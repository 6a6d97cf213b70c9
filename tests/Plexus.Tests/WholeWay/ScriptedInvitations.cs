using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus.Tests.WholeWay;

/// <summary>A rendezvous that gives out what a test says before what is really there, or fails.</summary>
internal sealed class ScriptedInvitations(IRendezvous inner, IReadOnlyList<Invitation> first, Task<Exception>? failure = null) : IRendezvous
{
    public Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public IAsyncEnumerable<Introduction> InviteAsync(
        Identity host, Identity peer, Func<CancellationToken, Task<Introduction>> introduce, CancellationToken cancellationToken = default) =>
        inner.InviteAsync(host, peer, introduce, cancellationToken);

    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (Invitation invitation in first) yield return invitation;
        if (failure is not null) throw await failure;
        await foreach (Invitation invitation in inner.AcceptAsync(host, peers, cancellationToken)) yield return invitation;
    }

    public Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default) =>
        inner.ForwardAdventAsync(host, peer, cancellationToken);

    public IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, CancellationToken cancellationToken = default) =>
        inner.ReceiveAdventsAsync(host, peers, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
