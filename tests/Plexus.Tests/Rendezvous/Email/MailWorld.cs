using System.Net;
using Plexus.Identities;
using Plexus.Lab;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;
using Plexus.Sockets;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>A provider, alice and bob, and a clock that jumps.</summary>
internal sealed class MailWorld : IDisposable
{
    public const string AppId = "appname";

    private readonly Internet _internet = new(1);

    public MailWorld()
    {
        Mail = new LabMail(_internet.Clock);
        Log = new RecordingLoggerFactory(_internet.Clock);
    }

    public LabMail Mail { get; }

    public SampleLetters Letters { get; } = new();

    public RecordingLoggerFactory Log { get; }

    public TimeProvider Clock => _internet.Clock;

    public TimeSpan Now => _internet.Now;

    public Random Random { get; } = new(5);

    public int ForeignPosts => _internet.Loop.ForeignPosts;

    public static EmailRendezvousOptions Options { get; } = new()
    {
        AppId = AppId,
        Smtp = new MailServer(new EndpointName("mail.example.com", 465)),
        Imap = new MailServer(new EndpointName("mail.example.com", 993)),
        Login = "somebody",
        Secret = EmailSecret.Password("secret"),
    };

    public EmailRendezvous Rendezvous(Identity host, Func<EmailRendezvousOptions, EmailRendezvousOptions>? change = null, string? mailbox = null) => new(
        Letters.Repository, change?.Invoke(Options) ?? Options, Mail.Account(mailbox ?? host.Name.Owner), Random.NextDouble, Clock, Log.For(host.Name.Owner));

    public static Introduction Introduction(ulong puzzle, string endPoint = "198.51.100.7:4000") => new(IPEndPoint.Parse(endPoint), puzzle);

    public static Func<CancellationToken, Task<Introduction>> Says(ulong puzzle, string endPoint = "198.51.100.7:4000") =>
        _ => Task.FromResult(Introduction(puzzle, endPoint));

    /// <summary>The first answer to an invitation of bob's.</summary>
    public async Task<Introduction> InviteAsync(
        ulong puzzle, Func<EmailRendezvousOptions, EmailRendezvousOptions>? change = null, CancellationToken cancellationToken = default)
    {
        await using EmailRendezvous bob = Rendezvous(Letters.Bob, change);
        await foreach (Introduction theirs in bob.InviteAsync(Letters.Bob, Letters.Alice, Says(puzzle), cancellationToken)) return theirs;
        throw new InvalidOperationException("The enumeration ended.");
    }

    /// <summary>Alice answers every invitation, and tells each.</summary>
    public async Task ServeAsync(
        Action<Invitation> told, Func<EmailRendezvousOptions, EmailRendezvousOptions>? change, CancellationToken cancellationToken)
    {
        await using EmailRendezvous alice = Rendezvous(Letters.Alice, change);
        try
        {
            await foreach (Invitation invitation in alice.AcceptAsync(Letters.Alice, IdentityName.Any, cancellationToken))
            {
                told(invitation);
                _ = AnswerAsync(invitation, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The only end.
        }
    }

    public Task After(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Clock);

    public void Run(Func<Task> scenario, TimeSpan? limit = null) => _internet.Run(scenario, limit ?? TimeSpan.FromHours(1));

    public void Dispose()
    {
        _internet.Dispose();
        Letters.Dispose();
    }

    private static async Task AnswerAsync(Invitation invitation, CancellationToken cancellationToken)
    {
        try
        {
            await invitation.AnswerAsync(Introduction(invitation.Theirs.Puzzle + 1), cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or PlexusException)
        {
            // The provider was away too long; the inviter asks again.
        }
    }
}
