using System.Net;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

public sealed class PunchHandshakeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Without_loss_the_inviter_sends_four_frames_and_the_acceptor_two()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        PunchHandshake inviter = lab.Inviter();
        lab.Pass(Second);
        Assert.Equal((PunchState.Open, PunchState.Open), (inviter.State, acceptor.State));
        Assert.True(inviter.IsSettled && acceptor.IsSettled);
        Assert.Equal(new PunchStatistics(Sent: 4, Heard: 1, Junk: 0, Strangers: 0), inviter.Statistics);
        Assert.Equal(new PunchStatistics(Sent: 2, Heard: 4, Junk: 0, Strangers: 0), acceptor.Statistics);
        // A knock, its answer, and the first of three confirmations 40 ms later: each takes 20 ms.
        Assert.Equal([0, 40, 90, 140], Times(lab, lab.InviterHost));
        Assert.Equal([0, 20], Times(lab, lab.AcceptorHost));
        Assert.Equal(DatagramFate.Expired, lab.SentBy(lab.AcceptorHost).First().Fate);
        Assert.Equal(6, lab.Internet.Trace.Skip(lab.TraceStart).Select(e => e.Checksum).Distinct().Count()); // All differ.
    }

    [Theory]
    [InlineData(PunchRole.Inviter, 42)] // At 0, 100, 200, 400, 800 ms, and every 1.6 s.
    [InlineData(PunchRole.Acceptor, 45)] // Three that die on their way first, and then the same from 300 ms on.
    internal void Sixty_seconds_of_silence_are_enough(PunchRole role, int frames)
    {
        using PunchLab lab = new(null, null);
        PunchHandshake punch = role == PunchRole.Inviter ? lab.Inviter() : lab.Acceptor();
        TimeSpan start = lab.Internet.Now;
        lab.Internet.Run(TimeSpan.FromHours(1));
        Assert.Equal(PunchState.Expired, punch.State);
        Assert.Null(punch.Deadline);
        Assert.Equal(TimeSpan.FromSeconds(60), lab.Internet.Now - start);
        Assert.Equal(frames, lab.Internet.Trace.Count - lab.TraceStart);
    }

    [Fact]
    public void A_start_in_the_future_is_waited_for()
    {
        using PunchLab lab = new(null, null);
        lab.Inviter(p => p with { StartAfter = TimeSpan.FromSeconds(2), Limit = TimeSpan.FromSeconds(1) });
        lab.Internet.Run(TimeSpan.FromHours(1));
        Assert.Equal([2000, 2100, 2200, 2400, 2800], Times(lab, lab.InviterHost));
    }

    [Fact]
    public void Two_inviters_do_not_make_a_storm()
    {
        using PunchLab lab = new(null, null, line: LabLink.Lan);
        lab.Inviter();
        lab.Internet.Run(TimeSpan.Zero);
        using LabCore other = lab.AcceptorHost.Attach(
            lab.AcceptorOuter.Port, new PunchHandshake(new(PunchRole.Inviter, lab.InviterOuter, PunchLab.Secret), () => 1, lab.Now));
        lab.Internet.Run(TimeSpan.FromHours(1));
        Assert.InRange(lab.Internet.Trace.Count - lab.TraceStart, 84, 12_100); // A frame each 10 ms from each side at most.
    }

    [Fact]
    public void Junk_from_the_peers_endpoint_is_counted_and_changes_nothing()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake inviter = lab.Inviter();
        foreach (int length in (int[])[0, 1, 3, 7, 8, 20, 1400])
            PunchLab.Say(lab.AcceptorHost, lab.AcceptorOuter.Port, lab.InviterOuter, [.. Enumerable.Repeat((byte)0x5A, length), .. length >= 8 ? new byte[] { 1 } : []]);
        lab.Pass(Second);
        Assert.Equal(7, inviter.Statistics.Junk);
        Assert.Equal(PunchState.Knocking, inviter.State);
        Assert.Equal(5, inviter.Statistics.Sent);
        lab.Acceptor();
        lab.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(PunchState.Open, inviter.State);
    }

    [Fact]
    public void A_longer_frame_is_cut_as_the_original_does()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        PunchLab.Say(lab.InviterHost, lab.InviterOuter.Port, lab.AcceptorOuter, [.. PunchLab.Frame(heardUs: true, 7), 9, 9, 9]);
        lab.Pass(Second / 10);
        Assert.Equal(PunchState.Open, acceptor.State);
    }

    [Fact]
    public void Frames_from_another_address_are_not_even_answered()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        PunchLab.Say(lab.Server, 77, lab.AcceptorOuter, PunchLab.Frame(heardUs: false, 7));
        PunchLab.Say(lab.Server, 77, lab.AcceptorOuter, PunchLab.Frame(heardUs: true, 8));
        lab.Pass(Second / 10);
        Assert.Equal(PunchState.Listening, acceptor.State);
        Assert.Equal(2, acceptor.Statistics.Strangers);
        Assert.DoesNotContain(lab.SentBy(lab.AcceptorHost), e => e.To.Address.Equals(lab.Server.Address));
    }

    [Theory] // Frames from another port of the peer's address: their flags, and whether they prove that it is the peer.
    [InlineData("1", false)]
    [InlineData("11", false)] // The same octets twice: a replay.
    [InlineData("12", true)]
    [InlineData("02", true)]
    [InlineData("00'", false)] // Nobody has heard us yet.
    [InlineData("1x2", false)] // Junk spoils it.
    [InlineData("x12", true)] // Not before it has sent a frame at all.
    public void Another_port_needs_two_frames_and_no_junk(string frames, bool isPeer)
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        foreach (char frame in frames)
        {
            byte[] bytes = frame switch
            {
                '0' => PunchLab.Frame(heardUs: false, 1),
                '\'' => PunchLab.Frame(heardUs: false, 2),
                'x' => new byte[8],
                _ => PunchLab.Frame(heardUs: true, frame),
            };
            PunchLab.Say(lab.InviterHost, 7777, lab.AcceptorOuter, bytes);
        }

        lab.Pass(Second / 10);
        Assert.Equal(isPeer ? PunchState.Open : PunchState.Listening, acceptor.State);
        if (isPeer) Assert.Equal(new IPEndPoint(lab.InviterHost.Address, 7777), acceptor.PeerSource);
    }

    [Fact]
    public void Only_four_other_ports_are_looked_at_and_none_gets_answers_without_end()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        for (int round = 0; round < 100; round++)
        {
            for (int port = 7001; port <= 7006; port++)
                PunchLab.Say(lab.InviterHost, port, lab.AcceptorOuter, PunchLab.Frame(heardUs: false, (ulong)round << 8));
        }

        lab.Pass(Second / 10);
        Assert.Equal(200, acceptor.Statistics.Strangers);
        var answers = lab.SentBy(lab.AcceptorHost).Where(e => e.To.Port is > 7000 and < 7007).CountBy(e => e.To.Port).ToArray();
        Assert.Equal(4, answers.Length);
        Assert.All(answers, a => Assert.Equal(48, a.Value));
    }

    [Fact]
    public void The_introduced_endpoint_wins_when_it_proves_itself_later()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        PunchLab.Say(lab.InviterHost, 7777, lab.AcceptorOuter, PunchLab.Frame(heardUs: true, 10));
        PunchLab.Say(lab.InviterHost, 7777, lab.AcceptorOuter, PunchLab.Frame(heardUs: true, 20));
        lab.Pass(Second / 10);
        Assert.Equal(7777, acceptor.PeerSource.Port);
        PunchLab.Say(lab.InviterHost, lab.InviterOuter.Port, lab.AcceptorOuter, PunchLab.Frame(heardUs: true, 30));
        lab.Pass(Second / 10);
        Assert.Equal((lab.InviterOuter, lab.InviterOuter), (acceptor.Peer, acceptor.PeerSource));
    }

    [Fact]
    public void Keep_alive_holds_both_nats_open_and_never_reaches_the_peer()
    {
        NatProfile forgetful = NatProfile.PortRestricted with { IdleLifetime = TimeSpan.FromSeconds(30) };
        using PunchLab lab = new(forgetful, forgetful);
        PunchHandshake acceptor = lab.Acceptor();
        PunchHandshake inviter = lab.Inviter();
        lab.Pass(Second);
        int received = (int)(lab.InviterHost.ReceivedCount + lab.AcceptorHost.ReceivedCount);
        int sent = lab.Internet.Trace.Count;
        lab.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(received, lab.InviterHost.ReceivedCount + lab.AcceptorHost.ReceivedCount);
        Assert.Equal(40, lab.Internet.Trace.Count - sent); // 20 each: one in 15 s.
        Assert.All(lab.Internet.Trace.Skip(sent), e => Assert.Equal(7, e.Hops));
        Assert.True(lab.Carries(lab.InviterHost, inviter.Peer, lab.AcceptorHost, acceptor.PeerSource));
        Assert.True(lab.Carries(lab.AcceptorHost, acceptor.Peer, lab.InviterHost, inviter.PeerSource));
    }

    [Theory] // How far the acceptor's first frames go, how much later the inviter comes, and what its NAT does to early ones.
    [InlineData(7, 100, UnsolicitedReaction.PoisonTuple, true)]
    [InlineData(7, 100, UnsolicitedReaction.BlockSource, true)]
    [InlineData(7, 100, UnsolicitedReaction.MoveMapping, true)]
    [InlineData(64, 100, UnsolicitedReaction.PoisonTuple, false)]
    [InlineData(64, 100, UnsolicitedReaction.MoveMapping, false)]
    [InlineData(64, 100, UnsolicitedReaction.Drop, true)]
    internal void A_low_time_to_live_spares_a_nat_that_early_datagrams_hurt(
        byte hops, int inviterLaterMs, UnsolicitedReaction reaction, bool opens)
    {
        NatProfile home = NatProfile.PortRestricted with { Unsolicited = reaction };
        using PunchLab lab = new(home, home);
        PunchHandshake acceptor = lab.Acceptor(p => p with { Hops = hops });
        PunchHandshake inviter = lab.Inviter(p => p with { StartAfter = TimeSpan.FromMilliseconds(inviterLaterMs) });
        lab.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(opens, acceptor.State == PunchState.Open && inviter.State == PunchState.Open);
    }

    [Theory] // An inviter that comes 5 s later, behind a NAT that early datagrams hurt.
    [InlineData(0.3, false)]
    [InlineData(8, true)]
    public void For_a_late_peer_the_full_knocks_can_wait(double fullKnocksAfter, bool opens)
    {
        NatProfile home = NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.PoisonTuple };
        using PunchLab lab = new(home, home);
        PunchHandshake acceptor = lab.Acceptor(p => p with { FullKnocksAfter = TimeSpan.FromSeconds(fullKnocksAfter) });
        PunchHandshake inviter = lab.Inviter(p => p with { StartAfter = TimeSpan.FromSeconds(5) });
        lab.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(opens, acceptor.State == PunchState.Open && inviter.State == PunchState.Open);
    }

    [Fact]
    public void Full_knocks_open_a_nat_that_is_farther_away_than_the_hops()
    {
        using Internet internet = new();
        LabNat carrier = internet.AddNat("carrier", NatProfile.PortRestricted, "2.0.0.2");
        LabHost phone = carrier.AddHost("phone", "100.64.0.9", LabLink.Lan with { Hops = 10 });
        LabHost home = internet.AddHost("home", "1.0.0.1");
        PunchHandshake acceptor = new(new(PunchRole.Acceptor, new(home.Address, 5000), PunchLab.Secret), () => 1, Instant.Zero);
        PunchHandshake inviter = new(new(PunchRole.Inviter, IPEndPoint.Parse("2.0.0.2:5000"), PunchLab.Secret), () => 2, Instant.Zero);
        phone.Attach(5000, acceptor);
        home.Attach(5000, inviter);
        Assert.True(internet.RunUntil(() => acceptor.IsSettled && inviter.IsSettled, TimeSpan.FromSeconds(2)));
        Assert.Equal(3, internet.Trace.Count(e => e.Fate == DatagramFate.Expired));
    }

    [Fact]
    public void Random_datagrams_from_everywhere_do_not_throw_and_do_not_open_more_often_than_the_odds()
    {
        Random random = new(4);
        IPEndPoint peer = IPEndPoint.Parse("1.0.0.1:5000");
        int opened = 0;
        byte[] buffer = new byte[2048];
        for (int run = 0; run < 300; run++)
        {
            PunchHandshake punch = new(new((PunchRole)(run % 2), peer, PunchLab.Secret), () => (ulong)random.NextInt64(), Instant.Zero);
            for (int i = 0; i < 2000 && punch.State != PunchState.Open; i++)
            {
                byte[] datagram = new byte[random.Next(0, 12)];
                random.NextBytes(datagram);
                // One attacker who can write the peer's address, and any of its ports but the right one.
                punch.OnDatagram(datagram, new(peer.Address, random.Next(1, 5000)), new(TimeSpan.FromMilliseconds(i)));
                while (punch.TryTransmit(buffer, new(TimeSpan.FromMilliseconds(i)), out _))
                {
                }
            }

            if (punch.State == PunchState.Open) opened++;
        }

        Assert.InRange(opened, 0, 4); // At most four chances of 1 in 256 each.
    }

    private static int[] Times(PunchLab lab, LabHost host) =>
        [.. lab.SentBy(host).Select(e => (int)Math.Round((e.SentAt - lab.Start).TotalMilliseconds))];
}
