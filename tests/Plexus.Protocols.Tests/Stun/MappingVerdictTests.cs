using System.Net;
using Plexus.Protocols.Stun;
using static Plexus.Protocols.Stun.NatDependency;

namespace Plexus.Protocols.Tests.Stun;

public sealed class MappingVerdictTests
{
    [Theory] // Each word: server address and port, what it saw, and "+" for another address of a server already asked.
    [InlineData("", Unknown, false)]
    [InlineData("1:1=x:1", Unknown, false)]
    [InlineData("1:1=x:1 1:2=x:1", Unknown, false)] // Two ports of one address cannot tell.
    [InlineData("1:1=x:1 1:2=x:2", AddressAndPortDependent, false)]
    [InlineData("1:1=x:1 2:1=x:1", EndpointIndependent, false)]
    [InlineData("1:1=x:1 2:1=x:2", AddressAndPortDependent, false)] // Or less strict: nothing tells.
    [InlineData("1:1=x:1 2:1=y:1", AddressAndPortDependent, true)]
    [InlineData("1:1=x:1 2:1=x:1 3:1=y:9", EndpointIndependent, false)] // A liar.
    [InlineData("1:1=x:1 2:1=x:2 3:1=x:3", AddressAndPortDependent, false)]
    [InlineData("1:1=x:1 2:1=x:1 3:1=x:2 4:1=x:2", AddressAndPortDependent, false)]
    [InlineData("1:1=x:1 1:2=x:1+ 2:1=x:2", AddressDependent, false)]
    [InlineData("1:1=x:1 1:2=x:3+ 2:1=x:2", AddressAndPortDependent, false)]
    [InlineData("1:1=x:1 5:1=x:1+", EndpointIndependent, false)] // One server at two addresses, for want of others.
    [InlineData("1:1=x:1 5:1=x:2+ 1:2=x:1+", AddressDependent, false)]
    [InlineData("1:1=y:9 5:1=y:9+ 1:2=y:9+ 2:1=x:1 3:1=x:1", EndpointIndependent, false)] // A liar has no more votes by it.
    public void Witnesses_decide(string words, NatDependency mapping, bool addressVaries)
    {
        MappingVerdict verdict = MappingVerdict.Of([.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Read)]);
        Assert.Equal((mapping, addressVaries), (verdict.Mapping, verdict.AddressVaries));
    }

    private static MappingObservation Read(string word)
    {
        string[] sides = word.TrimEnd('+').Split('=');
        return new(
            IPEndPoint.Parse("198.51.100." + sides[0]),
            IPEndPoint.Parse(sides[1].Replace("x", "203.0.113.1", StringComparison.Ordinal).Replace("y", "203.0.113.2", StringComparison.Ordinal)),
            default, default, word.EndsWith('+'));
    }
}
