using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

/// <summary>Our handshake with a faithful model of the original's.</summary>
public sealed class OriginalPeerTests
{
    private const int Runs = 300;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Our_inviter_meets_an_original_acceptor(bool isServer)
    {
        using PunchLab lab = new(NatProfile.PortRestricted, NatProfile.PortRestricted);
        OriginalHandshake acceptor = lab.OriginalAcceptor(isServer);
        PunchHandshake inviter = lab.Inviter();
        lab.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(OriginalState.Succeeded, acceptor.State);
        Assert.True(inviter.IsSettled);
        Assert.Equal(4, inviter.Statistics.Sent);
    }

    [Fact]
    public void An_original_inviter_meets_our_acceptor()
    {
        using PunchLab lab = new(NatProfile.PortRestricted, NatProfile.PortRestricted);
        PunchHandshake acceptor = lab.Acceptor();
        OriginalHandshake inviter = lab.OriginalInviter();
        lab.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(OriginalState.Succeeded, inviter.State);
        Assert.True(acceptor.IsSettled);
        Assert.False(acceptor.OpenedBySilence);
        Assert.Equal(2, acceptor.Statistics.Sent); // One that dies on its way, and one answer.
        int received = (int)lab.InviterHost.ReceivedCount;
        lab.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(received, lab.InviterHost.ReceivedCount); // Its command runs on that port: it is left alone.
    }

    [Fact]
    public void An_original_inviter_whose_only_last_frame_was_lost_is_understood_by_its_silence()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        OriginalHandshake inviter = lab.OriginalInviter();
        lab.Internet.RunUntil(() => inviter.State == OriginalState.Succeeded, TimeSpan.FromSeconds(1));
        lab.AcceptorHost.Link = LabLink.Wan with { Loss = 1 }; // The last frame is on its way, and is lost on this line.
        lab.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(PunchState.Listening, acceptor.State);
        int sent = acceptor.Statistics.Sent;
        lab.Pass(TimeSpan.FromSeconds(8));
        Assert.True(acceptor.IsSettled && acceptor.OpenedBySilence);
        Assert.Equal(sent, acceptor.Statistics.Sent); // Nothing goes to a port where a command may run.
    }

    [Fact]
    public void An_inviter_that_does_not_hear_the_answers_is_not_taken_for_a_silent_one()
    {
        using PunchLab lab = new(null, null);
        PunchHandshake acceptor = lab.Acceptor();
        for (int i = 0; i < 9; i++)
        {
            PunchLab.Say(lab.InviterHost, lab.InviterOuter.Port, lab.AcceptorOuter, PunchLab.Frame(heardUs: false, 4));
            lab.Pass(TimeSpan.FromSeconds(1.6));
        }

        lab.Internet.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(PunchState.Expired, acceptor.State);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.2)]
    public void Ours_with_ours_always_succeeds_under_loss(double loss)
    {
        for (int seed = 0; seed < Runs; seed++)
        {
            using PunchLab lab = Lossy(loss, seed);
            PunchHandshake acceptor = lab.Acceptor();
            PunchHandshake inviter = lab.Inviter();
            lab.Internet.RunUntil(() => inviter.IsSettled && acceptor.IsSettled, TimeSpan.FromMinutes(2));
            Assert.Equal((PunchState.Open, PunchState.Open), (inviter.State, acceptor.State));
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.2)]
    public void An_original_inviter_with_ours_always_succeeds_under_loss(double loss)
    {
        for (int seed = 0; seed < Runs; seed++)
        {
            using PunchLab lab = Lossy(loss, seed);
            PunchHandshake acceptor = lab.Acceptor();
            OriginalHandshake inviter = lab.OriginalInviter();
            lab.Internet.RunUntil(
                () => inviter.State != OriginalState.Running && acceptor.IsSettled, TimeSpan.FromMinutes(2));
            Assert.Equal((OriginalState.Succeeded, PunchState.Open), (inviter.State, acceptor.State));
        }
    }

    [Theory] // Loss on each of the two lines, and how many of 300 runs may fail: all three last frames are lost with (2 * loss)^3.
    [InlineData(0.05, 3, 15)]
    [InlineData(0.1, 8, 40)]
    public void Our_inviter_with_an_original_fails_only_when_all_three_last_frames_are_lost(
        double loss, int mostFailures, int leastFailuresOfTheOriginal)
    {
        int ours = 0;
        int originals = 0;
        for (int seed = 0; seed < Runs; seed++)
        {
            using (PunchLab lab = Lossy(loss, seed))
            {
                OriginalHandshake acceptor = lab.OriginalAcceptor();
                PunchHandshake inviter = lab.Inviter();
                lab.Pass(TimeSpan.FromSeconds(70));
                Assert.Equal(PunchState.Open, inviter.State);
                if (acceptor.State != OriginalState.Succeeded) ours++;
            }

            using (PunchLab lab = Lossy(loss, seed))
            {
                OriginalHandshake acceptor = lab.OriginalAcceptor();
                OriginalHandshake inviter = lab.OriginalInviter();
                lab.Pass(TimeSpan.FromSeconds(70));
                Assert.Equal(OriginalState.Succeeded, inviter.State);
                if (acceptor.State != OriginalState.Succeeded) originals++;
            }
        }

        Assert.InRange(ours, 0, mostFailures);
        Assert.InRange(originals, leastFailuresOfTheOriginal, Runs);
        TestContext.Current.SendDiagnosticMessage($"{loss}: of {Runs} runs {ours} of ours and {originals} of the original's failed");
    }

    [Fact]
    public void The_original_gives_up_at_junk_where_ours_goes_on()
    {
        using PunchLab lab = new(null, null);
        OriginalHandshake original = lab.OriginalInviter();
        PunchLab.Say(lab.AcceptorHost, lab.AcceptorOuter.Port, lab.InviterOuter, [1, 2, 3]);
        lab.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(OriginalState.Aborted, original.State); // The model is faithful, too, in what it does badly.
    }

    private static PunchLab Lossy(double loss, int seed) =>
        new(NatProfile.PortRestricted, NatProfile.PortRestricted, seed, LabLink.Wan with { Loss = loss });
}
