using System.Net;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Storage;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Tokens, rate limits and martian addresses.</summary>
public sealed class GuardTests
{
    private static readonly IPEndPoint Requester = IPEndPoint.Parse("203.0.113.7:4222");

    private static Action<Span<byte>> Random => new Random(1).NextBytes;

    [Fact]
    public void A_token_is_good_for_its_address_and_port_only()
    {
        WriteTokens tokens = new(Random, Instant.Zero);
        byte[] token = tokens.Issue(Requester, Instant.Zero);
        Assert.Equal(32, token.Length);
        Assert.True(tokens.IsValid(token, Requester, Instant.Zero));
        Assert.True(tokens.IsValid(token, IPEndPoint.Parse("203.0.113.7:4222"), Instant.Zero));
        Assert.False(tokens.IsValid(token, IPEndPoint.Parse("203.0.113.7:4223"), Instant.Zero));
        Assert.False(tokens.IsValid(token, IPEndPoint.Parse("203.0.113.8:4222"), Instant.Zero));
        Assert.False(tokens.IsValid(token.AsSpan(1), Requester, Instant.Zero));
        Assert.False(tokens.IsValid([.. token, 0], Requester, Instant.Zero));
        Assert.False(tokens.IsValid([], Requester, Instant.Zero));
        token[31] ^= 1;
        Assert.False(tokens.IsValid(token, Requester, Instant.Zero));
        Assert.False(new WriteTokens(new Random(2).NextBytes, Instant.Zero).IsValid(tokens.Issue(Requester, Instant.Zero), Requester, Instant.Zero));
    }

    [Fact]
    public void A_token_is_good_for_15_minutes_at_least_and_90_at_most_however_seldom_we_are_asked()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            WriteTokens tokens = new(new Random(seed).NextBytes, Instant.Zero);
            Instant issued = Instant.Zero + TimeSpan.FromMinutes(seed);
            byte[] token = tokens.Issue(Requester, issued);
            Assert.True(tokens.IsValid(token, Requester, issued + TimeSpan.FromMinutes(15)));
            WriteTokens asleep = new(new Random(seed).NextBytes, Instant.Zero);
            Assert.Equal(token, asleep.Issue(Requester, issued));
            Assert.False(asleep.IsValid(token, Requester, issued + TimeSpan.FromMinutes(90.1)));
        }
    }

    [Fact]
    public void One_address_gets_1024_requests_a_second_and_all_together_8192()
    {
        RequestRateLimit limit = new();
        Instant now = Instant.Zero;
        Assert.Equal(1024, Enumerable.Range(0, 3000).Count(_ => limit.TryAdmit(Requester.Address, now)));
        Assert.True(limit.TryAdmit(IPAddress.Parse("203.0.113.8"), now)); // Another address is not concerned.
        int others = Enumerable.Range(0, 20_000).Count(i => limit.TryAdmit(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), now));
        Assert.Equal(8192 - 1024 - 1, others);
        Assert.Equal(3000 + 20_000 - 1024 - others, limit.Refused);
        Assert.False(limit.TryAdmit(Requester.Address, now + TimeSpan.FromSeconds(0.999)));
        Assert.True(limit.TryAdmit(Requester.Address, now + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void The_window_slides()
    {
        RequestRateLimit limit = new(perGroup: 10, overall: 100);
        int admitted = 0;
        for (int ms = 0; ms < 5000; ms += 10)
        {
            if (limit.TryAdmit(Requester.Address, Instant.Zero + TimeSpan.FromMilliseconds(ms))) admitted++;
        }

        Assert.Equal(50, admitted);
    }

    [Fact]
    public void Addresses_of_one_IPv6_network_share_their_limit()
    {
        RequestRateLimit limit = new(perGroup: 1, overall: 100);
        Assert.True(limit.TryAdmit(IPAddress.Parse("2001:db8:0:1::1"), Instant.Zero));
        Assert.False(limit.TryAdmit(IPAddress.Parse("2001:db8:0:1:ffff::2"), Instant.Zero));
        Assert.True(limit.TryAdmit(IPAddress.Parse("2001:db8:0:2::1"), Instant.Zero));
    }

    [Theory]
    [InlineData("203.0.113.7:4222", false)]
    [InlineData("203.0.113.7:0", true)]
    [InlineData("0.1.2.3:1", true)]
    [InlineData("223.255.255.255:1", false)]
    [InlineData("224.0.0.1:1", true)]
    [InlineData("255.255.255.255:1", true)]
    [InlineData("127.0.0.1:1", false)]
    [InlineData("10.0.0.1:1", false)]
    [InlineData("[2001:db8::1]:1", false)]
    [InlineData("[fe80::1]:1", false)]
    [InlineData("[::1]:1", false)]
    [InlineData("[::]:1", true)]
    [InlineData("[ff02::1]:1", true)]
    [InlineData("[::ffff:203.0.113.7]:1", true)]
    public void Martians_are_known(string endPoint, bool isMartian) =>
        Assert.Equal(isMartian, Martians.IsMartian(IPEndPoint.Parse(endPoint)));

    [Theory]
    [InlineData("127.0.0.1:99", "203.0.113.7:4222", "203.0.113.7:99")]
    [InlineData("127.9.9.9:99", "203.0.113.7:4222", "203.0.113.7:99")]
    [InlineData("[::1]:99", "[2001:db8::7]:4222", "[2001:db8::7]:99")]
    [InlineData("[::1]:99", "203.0.113.7:4222", "[::1]:99")] // The other family tells nothing.
    [InlineData("198.51.100.1:99", "203.0.113.7:4222", "198.51.100.1:99")]
    public void A_loopback_entry_means_the_responders_machine(string entry, string responder, string meant) =>
        Assert.Equal(
            IPEndPoint.Parse(meant),
            Martians.Resolve(new NodeEntry(InfoHash.Zero, IPEndPoint.Parse(entry)), IPEndPoint.Parse(responder)).EndPoint);

    [Fact]
    public void A_mapped_source_is_an_IPv4_one() =>
        Assert.Equal(Requester, Martians.Unmap(IPEndPoint.Parse("[::ffff:203.0.113.7]:4222")));
}
