using System.Net;
using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Protocols.Tests.Stun;

public sealed class FilteringDiscoveryTests
{
    private static readonly IPEndPoint Inner = IPEndPoint.Parse("192.168.20.2:5001");
    private static readonly IPEndPoint Server = IPEndPoint.Parse("198.51.100.1:3478");
    private static readonly IPEndPoint Other = IPEndPoint.Parse("198.51.100.2:3479");
    private static readonly StunServerSockets Sockets = new(Server.Address, 3478, Other.Address, 3479);

    [Theory]
    [InlineData(EndpointIndependent, 40)]
    [InlineData(AddressDependent, 1400)]
    [InlineData(AddressAndPortDependent, 1400)]
    public void The_class_of_the_filtering_is_found(NatDependency filtering, int milliseconds)
    {
        StunNetwork network = new StunNetwork(Inner, new(EndpointIndependent, filtering)).Serve(Sockets);
        FilteringDiscovery discovery = Run(network);
        Assert.Equal(filtering, discovery.Filtering);
        Assert.Equal(milliseconds, network.Now.SinceStart.TotalMilliseconds);
        Assert.All(network.Sent, s => Assert.Equal(Server, s.To)); // Anything else would open the filter itself.
    }

    [Fact]
    public void Without_a_NAT_anybody_may_send() =>
        Assert.Equal(EndpointIndependent, Run(new StunNetwork(Inner, null).Serve(Sockets)).Filtering);

    [Fact]
    public void A_server_that_only_pretends_to_answer_from_elsewhere_proves_nothing()
    {
        StunServer server = new(new StunServerSockets(Server.Address, 3478));
        StunNetwork network = new StunNetwork(Inner, new(EndpointIndependent, AddressAndPortDependent)).Serve(Server, (request, source) =>
        {
            byte[] buffer = new byte[StunServer.LargestAnswer];
            BindingRequest.Write(buffer, StunTransactionId.Read(request.AsSpan(4))); // As if nothing had been wished.
            byte[] plain = buffer[..StunMessage.HeaderLength];
            server.TryAnswer(plain, source, 0, false, default, buffer, out StunServerAnswer answer);
            return (buffer[..answer.Length], Server);
        });
        FilteringDiscovery discovery = Run(network);
        Assert.Equal(Unknown, discovery.Filtering);
        Assert.Equal(2, discovery.Misdirected);
        Assert.True(discovery.IsComplete);
        Assert.Equal(TimeSpan.FromMilliseconds(40), network.Now.SinceStart); // No waiting for what will not come.
    }

    [Fact]
    public void A_server_that_refuses_the_wish_proves_nothing()
    {
        StunNetwork network = new StunNetwork(Inner, new(EndpointIndependent, EndpointIndependent)).Serve(Server);
        Assert.Equal(Unknown, Run(network).Filtering);
    }

    [Fact]
    public void A_dead_server_proves_nothing()
    {
        FilteringDiscovery discovery = Run(new StunNetwork(Inner, new(EndpointIndependent, EndpointIndependent)));
        Assert.True(discovery.IsComplete);
        Assert.Equal(Unknown, discovery.Filtering);
    }

    private static FilteringDiscovery Run(StunNetwork network)
    {
        FilteringDiscovery discovery = new(Server, Other, new Random(3).NextBytes, network.Now);
        network.Run(discovery, () => discovery.IsComplete, TimeSpan.FromSeconds(10));
        return discovery;
    }
}
