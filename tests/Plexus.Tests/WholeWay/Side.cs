using Plexus.Identities;
using Plexus.Passages;
using Plexus.Rendezvous.Dht;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>One host's program: what `plexus` is on a machine.</summary>
internal sealed record Side(PlexusHost Host, DhtRendezvous Rendezvous, IdentityRepository Repository, Identity Identity)
    : IAsyncDisposable
{
    public Task<Passage> InviteAsync(IdentityName peer, CancellationToken cancellationToken = default) =>
        Host.InviteAsync(Repository.LoadPeer(peer), cancellationToken);

    /// <summary>Serves until one passage is open.</summary>
    public async Task<Passage> AcceptOneAsync(CancellationToken cancellationToken = default)
    {
        await foreach (Passage passage in Host.AcceptAsync(SampleKeys.Bob, cancellationToken)) return passage;
        throw new InvalidOperationException("The host stopped serving.");
    }

    /// <summary>Serves everybody until cancelled.</summary>
    public async Task ServeAsync(Func<Passage, Task> payload, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Passage passage in Host.AcceptAsync(null, cancellationToken)) await payload(passage);
        }
        catch (OperationCanceledException)
        {
            // Cancelling is the only end.
        }
    }

    public ValueTask DisposeAsync() => Rendezvous.DisposeAsync();
}
