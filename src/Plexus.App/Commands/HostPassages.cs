using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Tunnels;

namespace Plexus.App.Commands;

/// <summary>The passages of a <see cref="PlexusHost"/>.</summary>
/// <param name="host">The host.</param>
/// <param name="peer">The peer an inviter invites; null for an acceptor.</param>
/// <param name="peers">Whom an acceptor lets in.</param>
internal sealed class HostPassages(PlexusHost host, Identity? peer, IdentityName peers) : IPassageSource
{
    public async Task<OpenPassage> InviteAsync(CancellationToken cancellationToken) =>
        Open(await host.InviteAsync(peer ?? throw new InvalidOperationException("An acceptor invites nobody."), cancellationToken));

    public async IAsyncEnumerable<OpenPassage> AcceptAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Passage passage in host.AcceptAsync(peers, cancellationToken)) yield return Open(passage);
    }

    private static OpenPassage Open(Passage passage) => new(
        passage.Ticket, passage.ReleaseAsync, (options, ports, token) => Tunnel.OpenAsync(passage, options, ports, token));
}
