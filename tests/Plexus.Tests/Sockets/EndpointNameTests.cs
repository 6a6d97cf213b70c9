using System.Net;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public sealed class EndpointNameTests
{
    [Theory]
    [InlineData("stun.example.org", "stun.example.org", 3478)]
    [InlineData("stun.example.org:19302", "stun.example.org", 19302)]
    [InlineData("  stun.example.org:19302 ", "stun.example.org", 19302)]
    [InlineData("my-host.example.org:1", "my-host.example.org", 1)] // The original cannot read a dash and a port.
    [InlineData("under_score", "under_score", 3478)]
    [InlineData("10.0.0.1", "10.0.0.1", 3478)]
    [InlineData("10.0.0.1:0", "10.0.0.1", 0)]
    [InlineData("[2001:db8::1]:5000", "2001:db8::1", 5000)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 3478)]
    [InlineData("2001:470:1::5", "2001:470:1::5", 3478)] // The original takes host 2001, port 470.
    [InlineData("::", "::", 3478)]
    [InlineData("fe80::1%2", "fe80::1%2", 3478)]
    [InlineData("imaps://mail.example.org", "mail.example.org", 993)]
    [InlineData("imaps://mail.example.org:1993", "mail.example.org", 1993)]
    [InlineData("smtps://[2001:db8::2]", "2001:db8::2", 465)]
    [InlineData("https://[2001:db8::2]:8443/path", "2001:db8::2", 8443)]
    [InlineData("stun://10.0.0.1/", "10.0.0.1", 3478)]
    [InlineData("5g.example", "5g.example", 3478)]
    public void An_endpoint_is_read(string text, string host, int port)
    {
        Assert.True(EndpointName.TryParse(text, 3478, out EndpointName? name));
        Assert.Equal(new EndpointName(host, port), name);
        Assert.True(EndpointName.TryParse(name.ToString(), 1, out EndpointName? again));
        Assert.Equal(name, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":5000")]
    [InlineData("host:")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("host:+1")]
    [InlineData("host: 1")]
    [InlineData("host:abc")]
    [InlineData("two words")]
    [InlineData("[::1")]
    [InlineData("[::1]5000")]
    [InlineData("[::1]:")]
    [InlineData("[10.0.0.1]:5000")]
    [InlineData("[host]:5000")]
    [InlineData("1:2:3")]
    [InlineData("4222")] // A port alone would be looked up as the address 0.0.16.126.
    [InlineData("10.0.1")]
    [InlineData("300.0.0.1")]
    [InlineData("nosuchscheme://host")]
    [InlineData("a@b")]
    public void What_is_no_endpoint_is_refused(string text) =>
        Assert.False(EndpointName.TryParse(text, 3478, out _));

    [Fact]
    public void A_list_is_parted_by_commas_and_semicolons()
    {
        Assert.True(EndpointName.TryParseList("a:1, b ;[::1]:2,,c", 7, out IReadOnlyList<EndpointName> names, out _));
        Assert.Equal([new("a", 1), new("b", 7), new("::1", 2), new("c", 7)], names);
    }

    [Fact]
    public void A_list_names_its_wrong_element()
    {
        Assert.False(EndpointName.TryParseList("a:1,b:x", 7, out _, out string? wrong));
        Assert.Equal("b:x", wrong);
    }

    [Theory]
    [InlineData("0.0.0.0", "0.0.0.0:9")]
    [InlineData("10.0.0.1:5", "10.0.0.1:5")]
    [InlineData("::", "[::]:9")]
    [InlineData("[::1]:5", "[::1]:5")]
    public void A_local_endpoint_is_an_address(string text, string endpoint)
    {
        Assert.True(EndpointName.TryParseLocal(text, 9, out IPEndPoint? local));
        Assert.Equal(IPEndPoint.Parse(endpoint), local);
        Assert.False(EndpointName.TryParseLocal("host:5", 9, out _));
    }
}
