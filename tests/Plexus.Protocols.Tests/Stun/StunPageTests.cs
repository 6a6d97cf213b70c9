using System.Net;
using System.Text.RegularExpressions;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Stun;

/// <summary>The examples of docs/protocols/stun.md.</summary>
public sealed partial class StunPageTests
{
    [Fact]
    public void The_examples_of_the_page_are_what_the_server_does()
    {
        StunServer server = new(new StunServerSockets(
            IPAddress.Parse("198.51.100.1"), 3478, IPAddress.Parse("198.51.100.2"), 3479));
        IPEndPoint client = IPEndPoint.Parse("203.0.113.7:4000");
        byte[][] messages = [.. Example().Matches(File.ReadAllText(Page()))
            .Select(m => Convert.FromHexString(m.Groups["hex"].Value.Replace(" ", "", StringComparison.Ordinal)))];
        Assert.Equal(6, messages.Length);
        foreach (byte[][] pair in messages.Chunk(2))
        {
            byte[] buffer = new byte[StunServer.LargestAnswer];
            Assert.True(server.TryAnswer(pair[0], client, 0, false, default, buffer, out StunServerAnswer answer));
            Assert.Equal(Convert.ToHexString(pair[1]), Convert.ToHexString(buffer.AsSpan(0, answer.Length)));
            Assert.True(BindingAnswer.TryRead(pair[1], out BindingAnswer? read));
            Assert.Equal((client, IPEndPoint.Parse("198.51.100.2:3479")), (read!.Mapped, read.Other));
        }
    }

    private static string Page()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine(folder.FullName, "docs", "protocols", "stun.md");
    }

    [GeneratedRegex(@"^ {4}(request|answer) +(?<hex>[0-9a-f ]+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Example();
}
