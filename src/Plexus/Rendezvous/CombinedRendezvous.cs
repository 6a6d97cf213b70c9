using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus.Rendezvous;

/// <summary>Several rendezvous at once: an invitation goes every way, and the first answer withdraws it from the others.</summary>
/// <remarks>
/// An acceptor listens everywhere. An invitation that comes two ways counts once, and is answered the ways it came. A way that cannot
/// be used is told in the log; only when none is left it is an error.
/// </remarks>
public sealed class CombinedRendezvous : IRendezvous
{
    private readonly IReadOnlyList<IRendezvous> _ways;
    private readonly ILogger _logger;

    /// <summary>Joins several rendezvous.</summary>
    /// <param name="ways">At least one. They are owned from now on.</param>
    /// <param name="loggerFactory">Where events are logged; null logs nowhere.</param>
    public CombinedRendezvous(IReadOnlyList<IRendezvous> ways, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(ways);
        ArgumentOutOfRangeException.ThrowIfZero(ways.Count);
        _ways = [.. ways];
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CombinedRendezvous>();
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await EveryWayAsync(way => way.PrepareAsync(cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        HashSet<Introduction> told = [];
        await using Confluence<Introduction> answers = new(
            [.. _ways.Select<IRendezvous, Func<CancellationToken, IAsyncEnumerable<Introduction>>>(way => token => way.InviteAsync(host, peer, introduce, token))], _logger, cancellationToken);
        while (await answers.NextAsync() is { } answer)
        {
            answers.KeepOnly(answer.Way); // It is withdrawn from the others.
            if (told.Add(answer.Value)) yield return answer.Value;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        CombinedInvitations invitations = new(_logger, cancellationToken);
        await using Confluence<Invitation> arrivals = new(
            [.. _ways.Select<IRendezvous, Func<CancellationToken, IAsyncEnumerable<Invitation>>>(way => token => way.AcceptAsync(host, peers, token))], _logger, cancellationToken);
        while (await arrivals.NextAsync() is { } arrival)
        {
            if (invitations.Add(arrival.Value) is { } invitation) yield return invitation;
        }
    }

    /// <inheritdoc/>
    public async Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await EveryWayAsync(way => way.ForwardAdventAsync(host, peer, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await using Confluence<Identity> advents = new(
            [.. _ways.Select<IRendezvous, Func<CancellationToken, IAsyncEnumerable<Identity>>>(way => token => way.ReceiveAdventsAsync(host, peers, token))], _logger, cancellationToken);
        while (await advents.NextAsync() is { } advent) yield return advent.Value;
    }

    /// <summary>Disposes every way.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (IRendezvous way in _ways) await way.DisposeAsync();
    }

    /// <summary>Does the same every way at once. It is done when one has done it and the others have ended.</summary>
    private async Task EveryWayAsync(Func<IRendezvous, Task> act, CancellationToken cancellationToken)
    {
        Task[] acting = [.. _ways.Select(act)];
        PlexusException? failure = null;
        int failed = 0;
        foreach (Task one in acting)
        {
            try
            {
                await one;
            }
            catch (PlexusException e)
            {
                (failure, failed) = (e, failed + 1);
                CombinedLog.WayFailed(_logger, e.Message);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (failed == _ways.Count) throw failure!;
    }
}
