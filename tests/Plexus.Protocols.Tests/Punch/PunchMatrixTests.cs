using Plexus.Lab.Nats;
using Plexus.Protocols.Punch;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Punch;

/// <summary>Every kind of NAT against every kind, with one socket each and no port guessed.</summary>
public sealed class PunchMatrixTests
{
    private const string Opens = "yes";

    private static readonly NatDependency[] Dependencies =
        [NatDependency.EndpointIndependent, NatDependency.AddressDependent, NatDependency.AddressAndPortDependent];

    // In the order of Dependencies, mapping first: EIM+EIF, EIM+ADF, EIM+APDF, ADM+EIF, ...
    // g1: one side's port is unknown and the other side lets in known ports only; one port would have to be guessed.
    // g2: both ports are unknown, and both would have to be guessed.
    private static readonly string[][] Table =
    [
        ["yes", "yes", "yes", "yes", "yes", "yes", "yes", "yes", "yes"],
        ["   ", "yes", "yes", "yes", "yes", "yes", "yes", "yes", "yes"],
        ["   ", "   ", "yes", "g1 ", "g1 ", "g1 ", "g1 ", "g1 ", "g1 "],
        ["   ", "   ", "   ", "yes", "yes", "g1 ", "yes", "yes", "g1 "],
        ["   ", "   ", "   ", "   ", "g1 ", "g1 ", "yes", "g1 ", "g1 "],
        ["   ", "   ", "   ", "   ", "   ", "g2 ", "g1 ", "g1 ", "g2 "],
        ["   ", "   ", "   ", "   ", "   ", "   ", "yes", "yes", "g2 "],
        ["   ", "   ", "   ", "   ", "   ", "   ", "   ", "g1 ", "g2 "],
        ["   ", "   ", "   ", "   ", "   ", "   ", "   ", "   ", "g2 "],
    ];

    public static TheoryData<int, int, string> Pairs
    {
        get
        {
            TheoryData<int, int, string> pairs = [];
            for (int inviter = 0; inviter < 9; inviter++)
            {
                for (int acceptor = 0; acceptor < 9; acceptor++)
                    pairs.Add(inviter, acceptor, Table[Math.Min(inviter, acceptor)][Math.Max(inviter, acceptor)].Trim());
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_pair_opens_as_theory_says_whoever_comes_first(int inviterKind, int acceptorKind, string expected)
    {
        foreach (int inviterAheadMs in (int[])[0, -700, 700])
        {
            using PunchLab lab = new(Kind(inviterKind), Kind(acceptorKind), seed: 5 + inviterAheadMs);
            TimeSpan ahead = TimeSpan.FromMilliseconds(inviterAheadMs);
            PunchHandshake inviter = lab.Inviter(p => p with { StartAfter = ahead < TimeSpan.Zero ? -ahead : TimeSpan.Zero });
            PunchHandshake acceptor = lab.Acceptor(p => p with { StartAfter = ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero });
            lab.Internet.RunUntil(() => IsOver(inviter) && IsOver(acceptor), TimeSpan.FromMinutes(2));

            if (expected != Opens)
            {
                Assert.Equal((PunchState.Expired, PunchState.Expired), (inviter.State, acceptor.State));
                continue;
            }

            Assert.Equal((PunchState.Open, PunchState.Open), (inviter.State, acceptor.State));
            Assert.False(acceptor.OpenedBySilence);
            // The slower side starts after 0.7 s, and knocks that can arrive begin 0.3 s later; then a few round trips of 40 ms.
            Assert.InRange(lab.Internet.Now.TotalSeconds, 0, 3);
            Assert.InRange(inviter.Statistics.Sent + acceptor.Statistics.Sent, 4, 40);
            Assert.True(lab.Carries(lab.InviterHost, inviter.Peer, lab.AcceptorHost, acceptor.PeerSource), "inviter to acceptor");
            Assert.True(lab.Carries(lab.AcceptorHost, acceptor.Peer, lab.InviterHost, inviter.PeerSource), "acceptor to inviter");
        }
    }

    [Fact]
    public void The_table_has_as_many_open_pairs_as_theory() =>
        Assert.Equal(45, Pairs.Count(p => p.Data.Item3 == Opens));

    [Fact]
    public void The_page_about_the_handshake_shows_this_table()
    {
        List<string[]> rows = DocumentTable.Read(
            "handshake.md", r => r.Length == 10 && (r[0].StartsWith("EI+", StringComparison.Ordinal) || r[0].StartsWith('A')));
        Assert.Equal(Table.Select(r => r.Select(c => c.Trim())), rows.Select(r => r.Skip(1)));
    }

    private static bool IsOver(PunchHandshake punch) => punch.State == PunchState.Expired || punch.IsSettled;

    private static NatProfile Kind(int number) => new(Dependencies[number / 3], Dependencies[number % 3]);
}
