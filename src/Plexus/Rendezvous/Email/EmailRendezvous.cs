using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Sockets;

namespace Plexus.Rendezvous.Email;

/// <summary>The rendezvous by e-mail: introductions are signed and encrypted letters between ordinary mailboxes.</summary>
/// <remarks>
/// It needs an account at any mail provider; both sides may use one, or each its own. The owner of each identity is its mail address.
/// What letters carry: docs/protocols/rendezvous-email.md.
/// </remarks>
public sealed class EmailRendezvous : IRendezvous
{
    private readonly EmailPost _post;
    private readonly ILogger _logger;

    /// <summary>Makes a rendezvous. No server is asked before it is used.</summary>
    /// <param name="repository">Tells which certificates are whose. It is looked at again when an unknown one turns up.</param>
    /// <param name="options">The account.</param>
    /// <param name="loggerFactory">Where events are logged; null logs nowhere.</param>
    /// <param name="timeProvider">The clock; null is the system's.</param>
    /// <exception cref="PlexusException">An option is out of its range.</exception>
    public EmailRendezvous(
        IdentityRepository repository,
        EmailRendezvousOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(repository, options, new MailKitAccount(options, timeProvider ?? TimeProvider.System), Random.Shared.NextDouble, timeProvider ?? TimeProvider.System, loggerFactory)
    {
        if (options.AcceptsAnyServer) EmailLog.Insecure(_logger);
    }

    internal EmailRendezvous(
        IdentityRepository repository,
        EmailRendezvousOptions options,
        IMailAccount account,
        Func<double> random,
        TimeProvider clock,
        ILoggerFactory? loggerFactory = null)
    {
        options.Validate();
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<EmailRendezvous>();
        _post = new EmailPost(account, options, repository, random, clock, _logger);
    }

    /// <summary>Does nothing: a server would close a connection that nobody uses.</summary>
    /// <param name="cancellationToken">Not used.</param>
    public Task PrepareAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        EmailInviter inviter = new(_post, host, peer);
        await foreach (Introduction theirs in inviter.InviteAsync(introduce, cancellationToken)) yield return theirs;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        EmailAcceptor acceptor = new(_post, host);
        await foreach (Invitation invitation in acceptor.AcceptAsync(peers, cancellationToken)) yield return invitation;
    }

    /// <inheritdoc/>
    public async Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await using LetterSender sender = _post.Sender();
        await sender.SendAsync(_post.WriteAdvent(host, peer), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await using LetterWatch watch = _post.Letters(host, peers, IntroductionKind.Advent);
        while (await watch.NextAsync(limit: null, cancellationToken) is { } letter) yield return letter.Peer; // What an advent says means nothing.
    }

    /// <summary>Has nothing to end: connections live as long as the enumerations that use them.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
