using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Protocols.Stun;
using Plexus.Streams;
using Plexus.Tests.Identities;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Tests.WholeWay;

/// <summary>The whole way (exploration, rendezvous over the DHT, punching, an encrypted stream) between every two kinds of NAT of RFC 4787.</summary>
/// <remarks>
/// With one socket a side and no guessing of ports. The cells that cannot work need at least one port number that nobody
/// has seen: a port-restricted side must know where the other one's datagrams will come from, and a NAT with a dependent
/// mapping takes a new port for them.
/// </remarks>
public class MatrixTests
{
    private static readonly NatDependency[] Kinds = [EndpointIndependent, AddressDependent, AddressAndPortDependent];

    /// <summary>
    /// Rows and columns: mapping × filtering, each from independent over address to address and port dependent.
    /// d: direct. 1: one unknown port. 2: two unknown ports.
    /// </summary>
    private static readonly string[] Expected =
    [
        // EI/EI EI/AD EI/AP  AD/EI AD/AD AD/AP  AP/EI AP/AD AP/AP
        "d d d  d d d  d d d",
        "d d d  d d d  d d d",
        "d d d  1 1 1  1 1 1",
        "d d 1  d d 1  d d 1",
        "d d 1  d 1 1  d 1 1",
        "d d 1  1 1 2  1 1 2",
        "d d 1  d d 1  d d 2",
        "d d 1  d 1 1  d 1 2",
        "d d 1  1 1 2  2 2 2",
    ];

    public static TheoryData<int> Rows => [.. Enumerable.Range(0, 9)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_passage_opens_wherever_no_port_must_be_guessed(int acceptorKind)
    {
        string expected = Expected[acceptorKind].Replace(" ", "", StringComparison.Ordinal).Replace('1', '-').Replace('2', '-');
        string actual = string.Concat(Enumerable.Range(0, 9).Select(inviterKind => Opens(acceptorKind, inviterKind) ? 'd' : '-'));
        Assert.Equal(expected, actual);
    }

    private static bool Opens(int acceptorKind, int inviterKind)
    {
        using World world = new(seed: (acceptorKind * 9) + inviterKind + 1, dhtNodes: 1);
        LabHost alice = world.Internet.AddNat("home", Nat(acceptorKind), "198.51.100.50").AddHost("alice", "192.168.1.2");
        LabHost bob = world.Internet.AddNat("away", Nat(inviterKind), "203.0.113.80").AddHost("bob", "192.168.1.2");
        bool opened = false;
        world.Run(async () =>
        {
            await using Side acceptor = world.AddSide("alice", alice, Hasty);
            await using Side inviter = world.AddSide("bob", bob, Hasty);
            using CancellationTokenSource stop = new();
            Task<Passage> accepting = acceptor.AcceptOneAsync(stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(2), world.Internet.Clock, CancellationToken.None);
            try
            {
                Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
                Passage theirs = await accepting;
                Task<PlexusStream> other = PlexusStream.OpenAsync(theirs);
                await using PlexusStream one = await PlexusStream.OpenAsync(ours);
                opened = await TalksAsync(one, await other);
            }
            catch (PlexusException e) when (e.Stage == PlexusStage.Punching)
            {
                stop.Cancel();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
            }
        });
        return opened;
    }

    /// <summary>Whether what is said over the passage arrives, both ways.</summary>
    private static async Task<bool> TalksAsync(PlexusStream one, PlexusStream other)
    {
        byte[] word = new byte[1];
        await using (other)
        {
            await one.WriteAsync(new byte[] { 1 });
            await other.ReadExactlyAsync(word);
            await other.WriteAsync(word);
            await one.ReadExactlyAsync(word);
            return word[0] == 1;
        }
    }

    private static PlexusHostOptions Hasty(PlexusHostOptions options) => options with { PunchTimeout = TimeSpan.FromSeconds(15) };

    private static NatProfile Nat(int kind) => new(Kinds[kind / 3], Kinds[kind % 3]);
}
