using System.Net;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Tests.Lab;

/// <summary>The laboratory's NAT against the definitions of RFC 4787.</summary>
public sealed class LabNatTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Internet _internet = new(seed: 3);

    public void Dispose() => _internet.Dispose();

    [Theory] // RFC 4787 section 4.1: which of three destinations share an outer port.
    [InlineData(EndpointIndependent, true, true)]
    [InlineData(AddressDependent, true, false)]
    [InlineData(AddressAndPortDependent, false, false)]
    public void A_mapping_depends_on_what_its_name_says(NatDependency mapping, bool samePorts, bool sameAddresses)
    {
        LabHost inside = Home(new(mapping, EndpointIndependent)).AddHost("inside", "10.0.0.2");
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker alice = new(inside, 5000);
        Talker first = new(bob, 1);
        Talker otherPort = new(bob, 2);
        Talker otherAddress = new(_internet.AddHost("carol", "3.0.0.3"), 1);
        Say(alice, first, otherPort, otherAddress);
        IPEndPoint outer = first.Heard[0].From;
        Assert.Equal("1.0.0.1", outer.Address.ToString());
        Assert.Equal(samePorts, outer.Equals(otherPort.Heard[0].From));
        Assert.Equal(sameAddresses, outer.Equals(otherAddress.Heard[0].From));
    }

    [Theory] // RFC 4787 section 5: who may answer through a mapping that was opened towards one endpoint.
    [InlineData(EndpointIndependent, true, true)]
    [InlineData(AddressDependent, true, false)]
    [InlineData(AddressAndPortDependent, false, false)]
    public void Filtering_depends_on_what_its_name_says(NatDependency filtering, bool otherPortPasses, bool otherAddressPasses)
    {
        LabHost inside = Home(new(EndpointIndependent, filtering)).AddHost("inside", "10.0.0.2");
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker alice = new(inside, 5000);
        Talker first = new(bob, 1);
        Say(alice, first);
        IPEndPoint outer = first.Heard[0].From;
        first.Say(1, outer);
        new Talker(bob, 2).Say(2, outer);
        new Talker(_internet.AddHost("carol", "3.0.0.3"), 1).Say(3, outer);
        _internet.Run(Second);
        Assert.Contains((byte)1, Numbers(alice));
        Assert.Equal(otherPortPasses, Numbers(alice).Contains((byte)2));
        Assert.Equal(otherAddressPasses, Numbers(alice).Contains((byte)3));
    }

    [Fact]
    public void Each_mapping_has_its_own_list_of_who_may_come_in()
    {
        LabHost inside = Home(new(AddressAndPortDependent, AddressAndPortDependent)).AddHost("inside", "10.0.0.2");
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker alice = new(inside, 5000);
        Talker first = new(bob, 1);
        Talker second = new(bob, 2);
        Say(alice, first, second);
        second.Say(9, first.Heard[0].From);
        _internet.Run(Second);
        Assert.DoesNotContain((byte)9, Numbers(alice));
        Assert.Equal(1, _internet.CountOf(DatagramFate.Filtered));
    }

    [Fact]
    public void Preserving_keeps_the_port_until_somebody_else_has_it()
    {
        LabNat home = Home(NatProfile.PortRestricted);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Talker first = new(home.AddHost("first", "10.0.0.2"), 5000);
        Talker second = new(home.AddHost("second", "10.0.0.3"), 5000);
        Say(first, bob);
        Say(second, bob);
        Assert.Equal(5000, bob.Heard[0].From.Port);
        Assert.NotEqual(5000, bob.Heard[1].From.Port);
    }

    [Fact]
    public void Sequential_goes_in_steps_and_begins_again_at_the_end_of_the_range()
    {
        int[] ports = PortsOf(NatProfile.Symmetric with { Allocation = PortAllocation.Sequential, PortStep = 2, Ports = (2000, 2009) }, 4);
        for (int i = 1; i < ports.Length; i++) Assert.Equal(2000 + ((ports[i - 1] - 2000 + 2) % 10), ports[i]);
    }

    [Fact]
    public void A_block_holds_all_ports_of_a_subscriber_and_is_aligned()
    {
        int[] ports = PortsOf(NatProfile.Symmetric with { Allocation = PortAllocation.Block, BlockSize = 256 }, 40);
        Assert.Single(ports.Select(p => p / 256).Distinct());
        Assert.Equal(40, ports.Distinct().Count());
    }

    [Fact]
    public void Parity_is_kept()
    {
        int[] ports = PortsOf(NatProfile.Symmetric with { Allocation = PortAllocation.Parity }, 30);
        Assert.All(ports, p => Assert.Equal(0, p % 2)); // The inner port is 5000.
    }

    [Fact]
    public void Random_ports_spread_over_the_range()
    {
        int[] ports = PortsOf(NatProfile.Symmetric, 50);
        Assert.True(ports.Max() - ports.Min() > 30_000);
    }

    [Theory]
    [InlineData(AddressPooling.Paired, 1)]
    [InlineData(AddressPooling.Arbitrary, 2)]
    internal void Pooling_gives_one_outer_address_or_any(AddressPooling pooling, int addresses)
    {
        LabNat nat = _internet.AddNat("home", NatProfile.Symmetric with { Pooling = pooling }, "1.0.0.1", "1.0.0.2");
        Talker alice = new(nat.AddHost("inside", "10.0.0.2"), 5000);
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker[] ears = [.. Enumerable.Range(1, 20).Select(port => new Talker(bob, port))];
        Say(alice, ears);
        Assert.Equal(addresses, ears.Select(e => e.Heard[0].From.Address).Distinct().Count());
    }

    [Theory]
    [InlineData(HairpinBehavior.None, null)]
    [InlineData(HairpinBehavior.ExternalSource, "1.0.0.1")]
    [InlineData(HairpinBehavior.InternalSource, "10.0.0.3")]
    internal void A_hairpin_shows_the_source_that_its_name_says(HairpinBehavior hairpin, string? source)
    {
        LabNat home = Home(NatProfile.FullCone with { Hairpin = hairpin });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 5000);
        Talker bob = new(home.AddHost("bob", "10.0.0.3"), 6000);
        Talker world = new(_internet.AddHost("world", "2.0.0.2"), 1);
        Say(alice, world);
        bob.Say(7, world.Heard[0].From);
        _internet.Run(Second);
        Assert.Equal(source, alice.Heard.Count == 0 ? null : alice.Heard[0].From.Address.ToString());
        Assert.Equal(hairpin == HairpinBehavior.None ? 1 : 0, _internet.CountOf(DatagramFate.NotTurned));
    }

    [Fact]
    public void Hosts_behind_one_nat_reach_each_other_without_it()
    {
        LabNat home = Home(NatProfile.Symmetric);
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 5000);
        Talker bob = new(home.AddHost("bob", "10.0.0.3"), 6000);
        Say(alice, bob);
        Assert.Equal(alice.Inner, bob.Heard[0].From);
        Assert.Equal(0, home.MappingsMade);
    }

    [Theory] // Seconds between the datagrams of the one that keeps it alive; RFC 4787 section 4.3.
    [InlineData(true, 28, false, true)]
    [InlineData(true, 31, false, false)]
    [InlineData(true, 28, true, true)]
    [InlineData(false, 28, true, false)]
    public void A_mapping_lives_as_long_as_the_right_side_keeps_it_alive(
        bool inboundRefreshes, int interval, bool isInbound, bool lives)
    {
        LabNat home = Home(NatProfile.PortRestricted with { IdleLifetime = TimeSpan.FromSeconds(30), InboundRefreshes = inboundRefreshes });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 5000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Say(alice, bob);
        IPEndPoint outer = bob.Heard[0].From;
        for (int i = 0; i < 3; i++)
        {
            _internet.Run(() => Task.Delay(TimeSpan.FromSeconds(interval), _internet.Clock), TimeSpan.FromHours(1));
            if (isInbound) bob.Say(5, outer);
            else alice.Say(5, bob.Inner);
            _internet.Run(Second / 10);
        }

        int made = home.MappingsMade;
        int heard = alice.Heard.Count;
        bob.Say(6, outer);
        _internet.Run(Second);
        Assert.Equal(lives, isInbound ? alice.Heard.Count > heard : made == 1);
    }

    [Fact]
    public void An_absolute_lifetime_ends_a_busy_mapping()
    {
        LabNat home = Home(NatProfile.Symmetric with { AbsoluteLifetime = TimeSpan.FromSeconds(50) });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 5000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        for (int i = 0; i < 120; i++) Say(alice, bob);
        Assert.Equal(3, bob.Heard.Select(h => h.From.Port).Distinct().Count());
        Assert.Equal(1, home.MappingCount);
    }

    [Fact]
    public void A_restart_forgets_everything()
    {
        LabNat home = Home(NatProfile.FullCone);
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 5000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Say(alice, bob);
        home.Restart();
        bob.Say(1, bob.Heard[0].From);
        _internet.Run(Second);
        Assert.Empty(alice.Heard);
        Say(alice, bob);
        Assert.NotEqual(bob.Heard[0].From, bob.Heard[1].From);
    }

    [Fact] // nat-traversal: an early packet makes an entry for the router itself, on the tuple that the inner host will need.
    public void A_router_that_answers_for_itself_gives_the_inner_host_another_port()
    {
        LabNat home = Home(NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.PoisonTuple });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 40_000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Talker carol = new(_internet.AddHost("carol", "3.0.0.3"), 1);
        Say(alice, carol);
        Assert.Equal(40_000, carol.Heard[0].From.Port);
        bob.Say(1, new(IPAddress.Parse("1.0.0.1"), 40_000));
        _internet.Run(Second);
        Say(alice, bob, carol);
        Assert.NotEqual(40_000, bob.Heard[0].From.Port);
        Assert.Equal(40_000, carol.Heard[1].From.Port); // Only towards the one that came too early.
        Assert.Empty(alice.Heard);
    }

    [Fact]
    public void A_tuple_that_was_opened_from_inside_first_is_not_poisoned()
    {
        LabNat home = Home(NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.PoisonTuple });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 40_000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        alice.Say(1, bob.Inner, hops: 7); // Leaves the own NAT, and dies before it arrives.
        _internet.Run(Second);
        Assert.Empty(bob.Heard);
        bob.Say(2, new(IPAddress.Parse("1.0.0.1"), 40_000));
        _internet.Run(Second);
        Assert.Equal([2], Numbers(alice));
        Say(alice, bob);
        Assert.Equal(40_000, bob.Heard[0].From.Port);
    }

    [Fact]
    public void A_moved_mapping_gets_another_port_and_the_old_one_is_dead()
    {
        LabNat home = Home(NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.MoveMapping });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 40_000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Talker carol = new(_internet.AddHost("carol", "3.0.0.3"), 1);
        Say(alice, carol);
        bob.Say(1, carol.Heard[0].From);
        carol.Say(2, carol.Heard[0].From);
        _internet.Run(Second);
        Assert.Empty(alice.Heard);
        Say(alice, carol);
        Assert.NotEqual(carol.Heard[0].From, carol.Heard[1].From);
    }

    [Fact]
    public void A_blocked_source_stays_out_for_a_while_even_when_it_is_asked_for()
    {
        LabNat home = Home(NatProfile.PortRestricted with { Unsolicited = UnsolicitedReaction.BlockSource });
        Talker alice = new(home.AddHost("alice", "10.0.0.2"), 40_000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        IPEndPoint outer = new(IPAddress.Parse("1.0.0.1"), 40_000);
        bob.Say(1, outer);
        _internet.Run(Second);
        Say(alice, bob);
        bob.Say(2, outer);
        _internet.Run(Second);
        Assert.Empty(alice.Heard);
        _internet.Run(() => Task.Delay(TimeSpan.FromSeconds(31), _internet.Clock), TimeSpan.FromHours(1));
        bob.Say(3, outer);
        _internet.Run(Second);
        Assert.Equal([3], Numbers(alice));
    }

    [Fact]
    public void Two_nats_in_a_row_behave_as_the_worst_of_both()
    {
        LabNat carrier = _internet.AddNat("carrier", NatProfile.Symmetric, "1.0.0.1");
        LabNat home = carrier.AddNat("home", NatProfile.FullCone, "100.64.0.2");
        Talker alice = new(home.AddHost("alice", "192.168.1.2"), 5000);
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker first = new(bob, 1);
        Talker second = new(bob, 2);
        Say(alice, first, second);
        Assert.NotEqual(first.Heard[0].From, second.Heard[0].From);
        second.Say(9, first.Heard[0].From);
        first.Say(1, first.Heard[0].From);
        _internet.Run(Second);
        Assert.Equal([1], Numbers(alice));
    }

    [Theory] // One hop ends at the home's NAT, two at the carrier's: neither makes a mapping there.
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(3, 1, 1)]
    public void Time_to_live_ends_at_the_right_nat(byte hops, int homeMappings, int carrierMappings)
    {
        LabNat carrier = _internet.AddNat("carrier", NatProfile.FullCone, "1.0.0.1");
        LabNat home = carrier.AddNat("home", NatProfile.FullCone, "100.64.0.2");
        Talker alice = new(home.AddHost("alice", "192.168.1.2"), 5000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        alice.Say(1, bob.Inner, hops);
        _internet.Run(Second);
        Assert.Equal(homeMappings, home.MappingsMade);
        Assert.Equal(carrierMappings, carrier.MappingsMade);
        Assert.Empty(bob.Heard);
    }

    [Fact]
    public void A_full_table_refuses_new_mappings()
    {
        LabNat home = Home(NatProfile.Symmetric with { Capacity = 3 });
        Talker alice = new(home.AddHost("inside", "10.0.0.2"), 5000);
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker[] ears = [.. Enumerable.Range(1, 5).Select(port => new Talker(bob, port))];
        Say(alice, ears);
        Assert.Equal(3, ears.Count(e => e.Heard.Count == 1));
        Assert.Equal(3, home.MappingCount);
    }

    [Fact]
    public void A_machine_that_moves_keeps_its_sockets_and_changes_its_address()
    {
        LabHost laptop = Home(NatProfile.FullCone).AddHost("laptop", "10.0.0.2");
        Talker alice = new(laptop, 5000);
        Talker bob = new(_internet.AddHost("bob", "2.0.0.2"), 1);
        Say(alice, bob);
        laptop.MoveTo(_internet.AddNat("cafe", NatProfile.FullCone, "4.0.0.4"), "172.16.0.9");
        Say(alice, bob);
        Assert.Equal(["1.0.0.1", "4.0.0.4"], bob.Heard.Select(h => h.From.Address.ToString()));
    }

    private static IEnumerable<byte> Numbers(Talker talker) => talker.Heard.Select(h => h.Number);

    private LabNat Home(NatProfile profile) => _internet.AddNat("home", profile, "1.0.0.1");

    private int[] PortsOf(NatProfile profile, int count)
    {
        Talker alice = new(Home(profile).AddHost("inside", "10.0.0.2"), 5000);
        LabHost bob = _internet.AddHost("bob", "2.0.0.2");
        Talker[] ears = [.. Enumerable.Range(1, count).Select(port => new Talker(bob, port))];
        Say(alice, ears);
        return [.. ears.Select(e => e.Heard[0].From.Port)];
    }

    /// <summary>Says something to each, and lets a second pass.</summary>
    private void Say(Talker from, params Talker[] to)
    {
        foreach (Talker ear in to) from.Say(1, ear.Inner);
        _internet.Run(() => Task.Delay(Second, _internet.Clock), TimeSpan.FromMinutes(1));
    }
}
