using Plexus.Protocols.Introductions;
using Plexus.Rendezvous.Email;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>A day with a provider that is none of the best.</summary>
public sealed class EmailDayTests : IDisposable
{
    private const string Alice = "alice@example.com";

    private readonly MailWorld _world = new();
    private readonly List<ulong> _told = [];
    private readonly List<ulong> _sent = [];

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_missed_nothing_leaks_and_nothing_spins(bool canIdle)
    {
        _world.Mail.CanIdle = canIdle;
        int looks = 0, connections = 0, most = 0;
        _world.Run(
            async () =>
            {
                using CancellationTokenSource stop = new();
                Task serving = _world.ServeAsync(
                    invitation => _told.Add(invitation.Theirs.Puzzle), options => options with { InvitationLifetime = TimeSpan.FromHours(3) }, stop.Token);
                Task trouble = TroubleAsync(stop.Token), letters = SendAsync(stop.Token);
                for (int minute = 0; minute < 24 * 60; minute++)
                {
                    await _world.After(60);
                    most = Math.Max(most, _world.Mail.Open);
                }

                stop.Cancel();
                await Task.WhenAll(trouble, letters);
                (_world.Mail.IsDown, _world.Mail.RefusesLogins) = (false, false);
                (looks, connections) = (_world.Mail.Looks, _world.Mail.Connections);
                await serving;
            },
            TimeSpan.FromHours(25));
        Assert.InRange(_sent.Count, 200, 400);
        ulong[] due = [.. _sent.Take(_sent.Count - 8)]; // The last ones may have come while the provider was away.
        Assert.Equal(due, _told.Order().Take(due.Length));
        Assert.Equal(_told.Count, _told.Distinct().Count());
        Assert.Equal(0, _world.Mail.Open);
        Assert.InRange(most, 1, 4); // The mailbox, and letters on their way out.
        Assert.InRange(connections, 100, 2_500); // Answers among them.
        Assert.InRange(looks, 500, canIdle ? 3_000 : 6_500);
        Assert.InRange(_world.Mail.RefusedLogins, 1, 60);
        Assert.Equal(0, _world.ForeignPosts);
        Assert.InRange(_world.Log.Lines.Count, 1, 3_000);
    }

    /// <summary>Broken lines every few minutes, outages up to an hour, refused logins, mailboxes numbered anew.</summary>
    private async Task TroubleAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _world.After(_world.Random.Next(30, 1200));
            switch (_world.Random.Next(8))
            {
                case 0:
                    _world.Mail.IsDown = true;
                    _world.Mail.Drop();
                    await _world.After(_world.Random.Next(5, 3600));
                    _world.Mail.IsDown = false;
                    break;
                case 1:
                    _world.Mail.RefusesLogins = true;
                    _world.Mail.Drop();
                    await _world.After(_world.Random.Next(60, 3600));
                    _world.Mail.RefusesLogins = false;
                    break;
                case 2:
                    _world.Mail.Inbox(Alice).Renumber();
                    _world.Mail.Drop();
                    break;
                default:
                    _world.Mail.Drop();
                    break;
            }
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        for (ulong puzzle = 1; !cancellationToken.IsCancellationRequested; puzzle++)
        {
            await _world.After(_world.Random.Next(10, 600));
            _sent.Add(puzzle);
            _world.Mail.Deliver(Alice, SealedLetter.Seal(
                _world.Letters.Bob, _world.Letters.Alice, "appname invite",
                IntroductionText.Write(MailWorld.Introduction(puzzle).EndPoint, new Puzzle(puzzle)), _world.Clock.GetUtcNow()));
        }
    }
}
