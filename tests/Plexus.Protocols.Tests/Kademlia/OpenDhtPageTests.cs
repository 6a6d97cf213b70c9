using System.Net;
using System.Text.RegularExpressions;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>The examples of docs/protocols/opendht.md.</summary>
public sealed partial class OpenDhtPageTests
{
    [Fact]
    public void The_examples_of_the_page_are_what_we_write()
    {
        Dictionary<string, byte[]> examples = Example().Matches(File.ReadAllText(Page())).ToDictionary(
            static m => m.Groups[1].Value,
            static m => Convert.FromHexString(m.Groups["hex"].Value.Replace(" ", "", StringComparison.Ordinal)));
        Assert.True(InfoHash.TryParse(new string('1', 40), out InfoHash us));
        Assert.True(InfoHash.TryParse("d514c7dcaffe8491a980508a06fbd238b13d306d", out InfoHash them));
        Assert.Equal(examples["request"], new KademliaWriter(us, agent: "t1").Ping(0x10000001));
        Assert.Equal(examples["reply"], new KademliaWriter(them, agent: "RNG1").Acknowledge(0x10000001, new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.Equal(examples["value"], new DhtValue { Id = 42, Data = "hi"u8.ToArray(), UserType = "text/plain", Priority = 1 }.Pack());
        Assert.Equal(Vectors.Basic("2.4.12/ping/request").Hex(), examples["request"]);
        Assert.Equal(Vectors.Basic("value/utype-prio").Hex(), examples["value"]);
    }

    private static string Page()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine(folder.FullName, "docs", "protocols", "opendht.md");
    }

    [GeneratedRegex(@"^ {4}(request|reply|value) +(?<hex>[0-9a-f ]+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Example();
}
