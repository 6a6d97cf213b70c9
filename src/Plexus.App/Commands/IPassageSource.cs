namespace Plexus.App.Commands;

/// <summary>Where the classic run gets its passages from.</summary>
internal interface IPassageSource
{
    /// <summary>Invites the peer once.</summary>
    /// <exception cref="PlexusException">The attempt failed.</exception>
    Task<OpenPassage> InviteAsync(CancellationToken cancellationToken);

    /// <summary>Accepts invitations, for ever.</summary>
    /// <exception cref="PlexusException">It cannot go on.</exception>
    IAsyncEnumerable<OpenPassage> AcceptAsync(CancellationToken cancellationToken);
}
