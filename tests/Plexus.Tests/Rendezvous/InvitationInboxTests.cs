using Plexus.Protocols.Kademlia;
using Plexus.Rendezvous.Dht;

namespace Plexus.Tests.Rendezvous;

public class InvitationInboxTests
{
    private const long Start = 1_800_000_000;

    private static readonly InfoHash Peer = InfoHash.OfText("peer");
    private static readonly InfoHash Other = InfoHash.OfText("other");
    private readonly InvitationInbox _inbox = new(Start);

    [Fact]
    public void The_same_value_counts_once()
    {
        Assert.Equal(InvitationVerdict.Fresh, Judge(Start + 60, [1], Start + 60));
        Assert.Equal(InvitationVerdict.Duplicate, Judge(Start + 60, [1], Start + 61));
    }

    [Fact]
    public void The_same_bytes_under_another_id_are_a_replay()
    {
        Judge(Start + 60, [1], Start + 60);
        Assert.Equal(InvitationVerdict.Replayed, Judge(Start + 61, [1], Start + 62));
    }

    [Fact]
    public void Two_peers_may_send_the_same_bytes()
    {
        Judge(Start + 60, [1], Start + 60);
        Assert.Equal(InvitationVerdict.Fresh, _inbox.Judge(Other, Start + 60, [1], Start + 60));
    }

    [Fact]
    public void A_huge_id_suppresses_nothing_that_follows()
    {
        Assert.Equal(InvitationVerdict.FromTheFuture, Judge(long.MaxValue, [1], Start + 60));
        Assert.Equal(InvitationVerdict.Fresh, Judge(Start + 60, [2], Start + 60));
    }

    [Fact]
    public void A_smaller_id_than_the_last_one_is_still_an_invitation()
    {
        Judge(Start + 200, [1], Start + 60);
        Assert.Equal(InvitationVerdict.Fresh, Judge(Start + 60, [2], Start + 61));
    }

    [Theory]
    [InlineData(-InvitationInbox.Window - 1, InvitationVerdict.Stale)]
    [InlineData(-InvitationInbox.Window, InvitationVerdict.Fresh)]
    [InlineData(InvitationInbox.Window, InvitationVerdict.Fresh)]
    [InlineData(InvitationInbox.Window + 1, InvitationVerdict.FromTheFuture)]
    internal void A_peers_clock_may_differ_by_a_quarter_of_an_hour(long difference, InvitationVerdict expected) =>
        Assert.Equal(expected, Judge(Start + 5000 + difference, [1], Start + 5000));

    [Theory] // Seconds before our start at which the inviter began; it gives up after 60.
    [InlineData(30, InvitationVerdict.Fresh)]
    [InlineData(90, InvitationVerdict.Fresh)]
    [InlineData(91, InvitationVerdict.Stale)]
    internal void An_invitation_that_waits_when_we_start_is_taken_unless_its_inviter_has_given_up(
        long before, InvitationVerdict expected) =>
        Assert.Equal(expected, Judge(Start - before, [1], Start + 1));

    [Fact]
    public void An_inviter_whose_clock_is_late_is_heard_once_we_have_run_for_a_while() =>
        Assert.Equal(InvitationVerdict.Fresh, Judge(Start - 300, [1], Start + 60));

    [Fact]
    public void Memory_is_bounded()
    {
        for (int i = 0; i < 10_000; i++) Judge(Start + 60, BitConverter.GetBytes(i), Start + 60);
        Assert.Equal(InvitationVerdict.Duplicate, Judge(Start + 60, BitConverter.GetBytes(9_999), Start + 60));
        Assert.Equal(InvitationVerdict.Fresh, Judge(Start + 60, BitConverter.GetBytes(0), Start + 60)); // Forgotten.
    }

    private InvitationVerdict Judge(long id, byte[] bytes, long now) => _inbox.Judge(Peer, (ulong)id, bytes, now);
}
