using System.Net;
using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Protocols.Tests.Stun;

public sealed class MappingDiscoveryTests
{
    private static readonly IPEndPoint Inner = IPEndPoint.Parse("192.168.20.2:5000");
    private static readonly IPEndPoint First = IPEndPoint.Parse("198.51.100.1:3478");
    private static readonly IPEndPoint Second = IPEndPoint.Parse("198.51.100.65:3478");
    private static readonly IPEndPoint Third = IPEndPoint.Parse("198.51.100.129:3478");
    private static readonly IPEndPoint Lie = IPEndPoint.Parse("192.0.2.66:6666");
    private static readonly StunServerSockets FourSockets =
        new(First.Address, 3478, IPAddress.Parse("198.51.100.2"), 3479);

    private readonly Random _random = new(5);

    [Theory] // Mapping of the NAT, whether the class is found, with plain servers only and with one of RFC 5780.
    [InlineData(EndpointIndependent, EndpointIndependent, EndpointIndependent)]
    [InlineData(AddressDependent, AddressAndPortDependent, AddressDependent)] // Plain servers cannot tell which: the stricter.
    [InlineData(AddressAndPortDependent, AddressAndPortDependent, AddressAndPortDependent)]
    public void The_class_of_the_mapping_is_found(NatDependency mapping, NatDependency plain, NatDependency full)
    {
        StunNetwork network = new StunNetwork(Inner, new(mapping, AddressAndPortDependent)).Serve(First).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second);
        Run(network, discovery);
        Assert.Equal(plain, discovery.Behavior().Mapping);

        StunNetwork rich = new StunNetwork(Inner, new(mapping, AddressAndPortDependent)).Serve(FourSockets);
        MappingDiscovery single = Discover(rich, First);
        Run(rich, single);
        Assert.Equal(full, single.Behavior().Mapping);
        Assert.Equal((First, IPEndPoint.Parse("198.51.100.2:3479")), single.OtherAddress);
    }

    [Fact]
    public void The_outer_endpoint_is_there_with_the_first_answer()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => discovery.Mapped is not null, TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(40), network.Now.SinceStart);
        Assert.Equal(IPEndPoint.Parse("203.0.113.20:40000"), discovery.Mapped);
        Assert.Equal([First, Second, Third, discovery.Mapped], network.Sent.Select(s => s.To)); // All at once, then to ourselves.
        Assert.False(discovery.IsSettled);
        Assert.Equal(Unknown, discovery.Behavior().Mapping);
    }

    [Fact]
    public void Two_seconds_suffice_when_two_of_three_servers_are_dead()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => discovery.IsSettled, TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(1540), network.Now.SinceStart);
        Assert.Equal([null, "203.0.113.20:40000", null], discovery.Servers.Select(s => s.Observation?.Mapped.ToString()));
    }

    [Fact]
    public void The_outer_endpoint_is_confirmed_by_a_second_server_or_after_a_tenth_of_a_second()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(Second).Serve(Third);
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => discovery.IsConfirmed, TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(40), network.Now.SinceStart);

        StunNetwork alone = Behind(EndpointIndependent).Serve(Second);
        MappingDiscovery unconfirmed = Discover(alone, First, Second);
        alone.Run(unconfirmed, () => unconfirmed.IsConfirmed, TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(140), alone.Now.SinceStart);
    }

    [Fact]
    public void A_dead_server_is_asked_five_times_in_4_6_seconds()
    {
        StunNetwork network = Behind(EndpointIndependent);
        MappingDiscovery discovery = Discover(network, First);
        network.Run(discovery, () => discovery.HasFailed, TimeSpan.FromSeconds(10));
        Assert.Equal([0, 250, 750, 1750, 3750], network.Sent.Select(s => s.At.SinceStart.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(4.6), network.Now.SinceStart);
        Assert.Equal("no answer within 4.6 s", discovery.Servers[0].Failure);
        Assert.Null(discovery.Deadline); // Nothing is left to do.
        Assert.True(discovery.IsSettled && discovery.IsComplete);
    }

    [Fact]
    public void A_lost_request_costs_a_quarter_of_a_second()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(First);
        network.IsLost = _ => network.Sent.Count == 1;
        MappingDiscovery discovery = Discover(network, First);
        network.Run(discovery, () => discovery.Mapped is not null, TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(290), network.Now.SinceStart);
        Assert.Equal(TimeSpan.FromMilliseconds(40), discovery.Observations[0].RoundTrip);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void One_liar_among_three_does_not_decide(int liar)
    {
        IPEndPoint[] servers = [First, Second, Third];
        StunNetwork network = Behind(EndpointIndependent);
        foreach (IPEndPoint server in servers) network.Serve(server);
        network.Serve(servers[liar], (id, _) => Success(id, Lie));
        MappingDiscovery discovery = Discover(network, servers);
        Run(network, discovery);
        Assert.Equal(IPEndPoint.Parse("203.0.113.20:40000"), discovery.Mapped);
        Assert.Equal(EndpointIndependent, discovery.Behavior().Mapping);
        Assert.False(discovery.Behavior().AddressVaries);
    }

    [Fact]
    public void Arbitrary_pooling_is_noticed()
    {
        StunNat nat = new(
            AddressAndPortDependent, AddressAndPortDependent, false, IPAddress.Parse("203.0.113.20"), IPAddress.Parse("203.0.113.21"));
        StunNetwork network = new StunNetwork(Inner, nat).Serve(First).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second);
        Run(network, discovery);
        Assert.True(discovery.Behavior().AddressVaries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_datagram_to_ourselves_tells_whether_the_NAT_hairpins(bool hairpin)
    {
        StunNetwork network = new StunNetwork(Inner, new(EndpointIndependent, EndpointIndependent, hairpin)).Serve(First);
        MappingDiscovery discovery = Discover(network, First);
        Run(network, discovery);
        Assert.Equal(hairpin, discovery.Behavior().Hairpin);
        Assert.Equal(hairpin ? 60 : 1440, network.Now.SinceStart.TotalMilliseconds);
    }

    [Fact]
    public void Without_a_NAT_nothing_is_changed()
    {
        StunNetwork network = new StunNetwork(Inner, null).Serve(First).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second);
        Run(network, discovery);
        Assert.Equal(new NatBehavior(false, true, false, false, EndpointIndependent, Unknown), discovery.Behavior());
        Assert.Equal(2, network.Sent.Count);
    }

    [Fact]
    public void Error_300_is_followed_once()
    {
        StunNetwork network = Behind(EndpointIndependent)
            .Serve(First, (id, _) => TryAlternate(id, Second)).Serve(Second)
            .Serve(Third, (id, _) => TryAlternate(id, First)); // It sends us in a circle.
        MappingDiscovery discovery = Discover(network, First, Third);
        Run(network, discovery);
        Assert.Equal(IPEndPoint.Parse("203.0.113.20:40000"), discovery.Servers[0].Observation?.Mapped);
        Assert.Equal("it refused with error 300 Try Alternate", discovery.Servers[1].Failure);
    }

    [Theory]
    [InlineData("0.0.0.0:3478")]
    [InlineData("224.0.0.1:3478")]
    [InlineData("255.255.255.255:3478")]
    [InlineData("198.51.100.65:0")]
    [InlineData("[2001:db8::1]:3478")]
    public void A_server_cannot_send_us_to_where_no_server_is(string alternate)
    {
        StunNetwork network = Behind(EndpointIndependent)
            .Serve(First, (id, _) => TryAlternate(id, IPEndPoint.Parse(alternate)))
            .Serve(Second, (id, source) => Success(id, source, other: IPEndPoint.Parse(alternate)));
        MappingDiscovery discovery = Discover(network, First, Second);
        Run(network, discovery);
        Assert.DoesNotContain(network.Sent, s => s.To.Equals(IPEndPoint.Parse(alternate)));
        Assert.NotNull(discovery.Servers[0].Failure);
    }

    [Fact]
    public void Reasons_are_kept_for_each_server()
    {
        StunNetwork network = Behind(EndpointIndependent)
            .Serve(First, (id, _) => Error(id, 500, "Server Error"))
            .Serve(Second, (id, _) => Success(id, IPEndPoint.Parse("0.0.0.0:0")));
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => discovery.HasFailed, TimeSpan.FromSeconds(10));
        Assert.Equal(
            ["it refused with error 500 Server Error", "it answered without a usable address", "no answer within 4.6 s"],
            discovery.Servers.Select(s => s.Failure));
    }

    [Fact]
    public void Answers_of_strangers_are_counted_and_change_nothing()
    {
        StunNetwork network = Behind(EndpointIndependent)
            .Serve(First, (request, _) => (Success(StunTransactionId.Read(request.AsSpan(4)), Lie), Third)); // Right id, wrong source.
        MappingDiscovery discovery = Discover(network, First);
        network.Inject("\0\0\0\0knock"u8.ToArray(), Third);
        network.Inject([], Third);
        network.Inject(Success(StunTransactionId.New(_random.NextBytes), Lie), First); // Right source, wrong id.
        network.Inject(Request(StunTransactionId.New(_random.NextBytes)), Third);
        network.Run(discovery, () => false, TimeSpan.FromSeconds(1));
        Assert.Null(discovery.Mapped);
        Assert.Equal(4, discovery.Ignored);
        Assert.Equal(0, discovery.Misdirected); // The NAT's filter stopped them.

        StunNetwork open = new StunNetwork(Inner, null)
            .Serve(First, (request, _) => (Success(StunTransactionId.Read(request.AsSpan(4)), Lie), Third));
        MappingDiscovery unfiltered = Discover(open, First);
        open.Run(unfiltered, () => false, TimeSpan.FromSeconds(1));
        Assert.Null(unfiltered.Mapped);
        Assert.Equal(3, unfiltered.Misdirected);
    }

    [Fact]
    public void The_mapping_is_kept_by_one_question_each_20_seconds()
    {
        StunNetwork network = Behind(AddressAndPortDependent).Serve(First).Serve(Second).Serve(Third);
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => false, TimeSpan.FromSeconds(15));
        int before = network.Sent.Count;
        IPEndPoint? mapped = discovery.Mapped;
        network.Run(discovery, () => false, TimeSpan.FromSeconds(90));
        Assert.Equal([20.04, 40.04, 60.04, 80.04, 100.04], network.Sent.Skip(before).Select(s => s.At.SinceStart.TotalSeconds));
        Assert.All(network.Sent.Skip(before), s => Assert.Equal(First, s.To));
        Assert.Equal(mapped, discovery.Mapped);
        Assert.Equal(1, discovery.Revision);
        Assert.Equal(3, discovery.Observations.Count);
    }

    [Fact]
    public void A_mapping_that_moved_is_told_and_confirmed_by_the_others()
    {
        StunNat nat = new(EndpointIndependent, AddressAndPortDependent);
        StunNetwork network = new StunNetwork(Inner, nat).Serve(First).Serve(Second).Serve(Third);
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => false, TimeSpan.FromSeconds(15));
        nat.Restart();
        network.Run(discovery, () => discovery.Revision == 2, TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.FromMilliseconds(20_120), network.Now.SinceStart); // Two round trips after the question.
        network.Run(discovery, () => false, TimeSpan.FromSeconds(5));
        Assert.Equal(nat.Out(Inner, First), discovery.Mapped);
        Assert.Equal(EndpointIndependent, discovery.Behavior().Mapping);
        Assert.Equal(2, discovery.Revision);
    }

    [Fact]
    public void Two_liars_that_contradict_themselves_in_turn_do_not_keep_us_asking()
    {
        int lies = 0;
        StunNetwork network = Behind(EndpointIndependent).Serve(Third);
        foreach (IPEndPoint liar in new[] { First, Second }) network.Serve(liar, (id, _) => Success(id, new IPEndPoint(Lie.Address, 1 + ++lies)));
        MappingDiscovery discovery = Discover(network, First, Second, Third);
        network.Run(discovery, () => false, TimeSpan.FromMinutes(5));
        Assert.InRange(network.Sent.Count(sent => sent.To.Equals(Third)), 1, 60);
        Assert.InRange(network.Sent.Count, 1, 300);
    }

    [Fact]
    public void A_keeper_that_falls_silent_is_replaced()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(First).Serve(Second);
        MappingDiscovery discovery = Discover(network, First, Second);
        network.Run(discovery, () => false, TimeSpan.FromSeconds(15));
        network.IsLost = to => to.Equals(First);
        network.Sent.Clear();
        network.Run(discovery, () => false, TimeSpan.FromSeconds(50));
        Assert.Equal(5, network.Sent.Count(s => s.To.Equals(First)));
        Assert.Equal(2, network.Sent.Count(s => s.To.Equals(Second)));
        Assert.NotNull(discovery.Mapped);
    }

    [Fact]
    public void Floods_and_broken_datagrams_neither_throw_nor_grow_anything()
    {
        StunNetwork network = Behind(EndpointIndependent).Serve(First);
        MappingDiscovery discovery = Discover(network, First);
        Run(network, discovery);
        byte[] answer = Success(StunTransactionId.New(_random.NextBytes), Lie);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] datagram = i % 2 == 0 ? [.. answer] : new byte[_random.Next(100)];
            if (i % 2 == 1) _random.NextBytes(datagram);
            else datagram[_random.Next(datagram.Length)] ^= (byte)_random.Next(256);
            discovery.OnDatagram(datagram, First, network.Now);
        }

        Assert.Equal(20_000, discovery.Ignored);
        Assert.Single(discovery.Observations);
    }

    private static StunNetwork Behind(NatDependency mapping) => new(Inner, new(mapping, AddressAndPortDependent));

    private static void Run(StunNetwork network, MappingDiscovery discovery) =>
        network.Run(discovery, () => discovery.IsComplete, TimeSpan.FromSeconds(10));

    private static byte[] Success(StunTransactionId id, IPEndPoint mapped, IPEndPoint? other = null)
    {
        byte[] buffer = new byte[200];
        StunWriter writer = new(buffer, StunMessageType.BindingSuccess, id);
        writer.AddXoredAddress(StunAttributeType.XorMappedAddress, mapped);
        if (other is not null) writer.AddAddress(StunAttributeType.OtherAddress, other);
        return buffer[..writer.Length];
    }

    private static byte[] Error(StunTransactionId id, int code, string reason, IPEndPoint? alternate = null)
    {
        byte[] buffer = new byte[200];
        StunWriter writer = new(buffer, StunMessageType.BindingError, id);
        writer.AddErrorCode(code, reason);
        if (alternate is not null) writer.AddAddress(StunAttributeType.AlternateServer, alternate);
        return buffer[..writer.Length];
    }

    private static byte[] TryAlternate(StunTransactionId id, IPEndPoint alternate) => Error(id, 300, "Try Alternate", alternate);

    private static byte[] Request(StunTransactionId id)
    {
        byte[] buffer = new byte[100];
        return buffer[..BindingRequest.Write(buffer, id)];
    }

    private MappingDiscovery Discover(StunNetwork network, params IPEndPoint[] servers) =>
        new(Inner, servers, _random.NextBytes, network.Now);
}
