using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Protocols.Tests.Stun;

public sealed class NatBehaviorTests
{
    [Fact]
    public void The_example_of_the_introduction_is_read_and_written()
    {
        Assert.True(NatBehavior.TryParse("11100011", out NatBehavior? read));
        Assert.Equal(new NatBehavior(true, true, true, false, EndpointIndependent, AddressAndPortDependent), read);
        Assert.Equal(NatBehavior.Assumed, read);
        Assert.Equal("11100011", read.ToBits());
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("11111111")]
    [InlineData("10011011")]
    [InlineData("01001000")]
    public void Bits_read_back(string bits)
    {
        Assert.True(NatBehavior.TryParse(bits, out NatBehavior? read));
        Assert.Equal(bits, read.ToBits());
    }

    [Fact]
    public void A_dependency_on_the_port_alone_is_read_as_the_stricter_class()
    {
        Assert.True(NatBehavior.TryParse("10000101", out NatBehavior? read));
        Assert.Equal((AddressAndPortDependent, AddressAndPortDependent), (read.Mapping, read.Filtering));
    }

    [Fact]
    public void What_is_unknown_is_written_as_the_original_assumes_it() =>
        Assert.Equal("10000011", new NatBehavior(true, null, false, false, Unknown, Unknown).ToBits());

    [Theory]
    [InlineData("")]
    [InlineData("1110001")]
    [InlineData("111000110")]
    [InlineData("1110001x")]
    [InlineData("1110001 ")]
    public void Anything_else_is_refused(string text) => Assert.False(NatBehavior.TryParse(text, out _));
}
