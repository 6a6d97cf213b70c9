using Plexus.Identities;

namespace Plexus.Rendezvous;

/// <summary>An invitation that a known peer has signed for us.</summary>
public sealed class Invitation
{
    private readonly Func<Introduction, CancellationToken, Task> _answer;

    internal Invitation(Identity peer, Introduction theirs, Func<Introduction, CancellationToken, Task> answer)
    {
        Peer = peer;
        Theirs = theirs;
        _answer = answer;
    }

    /// <summary>Who invites us.</summary>
    public Identity Peer { get; }

    /// <summary>What the peer tells of itself.</summary>
    public Introduction Theirs { get; }

    /// <summary>Answers with our introduction. The peer's repeated invitations are then answered alike.</summary>
    /// <param name="ours">What we tell of ourselves.</param>
    /// <param name="cancellationToken">Stops the sending.</param>
    /// <exception cref="PlexusException">The rendezvous did not take the answer in time.</exception>
    public Task AnswerAsync(Introduction ours, CancellationToken cancellationToken = default) =>
        _answer(ours, cancellationToken);
}
