using Plexus.Identities;

namespace Plexus.Rendezvous;

/// <summary>A place where two peers exchange introductions, signed and encrypted, with no server of their own.</summary>
/// <remarks>
/// The rendezvous vouches for who said what: an introduction it gives out was signed by the identity it names, and was
/// meant for us. Everything else that turns up there is dropped and counted.
/// </remarks>
public interface IRendezvous : IAsyncDisposable
{
    /// <summary>Begins to reach the rendezvous, so that the first use finds it warm. Calling it is optional.</summary>
    /// <param name="cancellationToken">Stops the attempt to get ready; a later use tries again.</param>
    /// <exception cref="PlexusException">The rendezvous cannot be used at all, such as without a free port.</exception>
    Task PrepareAsync(CancellationToken cancellationToken = default);

    /// <summary>Invites a peer and gives its answers. The invitation is repeated until the caller stops.</summary>
    /// <param name="host">Our identity, with its private key.</param>
    /// <param name="peer">The identity that is invited.</param>
    /// <param name="introduce">
    /// Gives our introduction, as it is now, once for each invitation that is sent. The way to the peer is prepared while
    /// the first one is still being made.
    /// </param>
    /// <param name="cancellationToken">Withdraws the invitation.</param>
    /// <returns>
    /// The peer's introductions, each once. The first is nearly always the one that counts; others follow when the peer
    /// answers a repetition anew, and when somebody replays an answer that the peer has given another day: try them all.
    /// </returns>
    /// <exception cref="PlexusException">No answer came in time, or <paramref name="introduce"/> failed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        CancellationToken cancellationToken = default);

    /// <summary>Waits for invitations, for ever.</summary>
    /// <param name="host">Our identity, with its private key.</param>
    /// <param name="peers">Whose invitations count: a complete name, or a filter with empty parts.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, CancellationToken cancellationToken = default);

    /// <summary>Tells a peer that we can be reached now and it may invite us.</summary>
    /// <param name="host">Our identity, with its private key.</param>
    /// <param name="peer">The identity that is told.</param>
    /// <param name="cancellationToken">Withdraws the notice.</param>
    /// <exception cref="PlexusException">The rendezvous did not take it in time.</exception>
    Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default);

    /// <summary>Waits for peers that tell they can be reached, for ever.</summary>
    /// <param name="host">Our identity, with its private key.</param>
    /// <param name="peers">Whose advents count: a complete name, or a filter with empty parts.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, CancellationToken cancellationToken = default);
}
