using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

/// <summary>The examples of docs/protocols/wormhole.md and tunnel.md.</summary>
public sealed class TunnelPageTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    [Fact]
    public void The_page_about_the_classic_framing_shows_what_is_sent()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        lab.Other.Service = connection => connection.Id == 1 ? TunnelReason.Unreachable : null;
        LabLocal client = lab.One.Open()!;
        client.Send(Hello);
        lab.Run();
        lab.Other.Locals[0].Send(Hello);
        lab.Run();
        lab.One.Open();
        lab.Run();
        lab.One.Open();
        lab.Run();
        lab.One.Fail(client);
        lab.Run();
        List<string[]> rows = DocumentTable.Read("wormhole.md", row => row.Length == 3 && row[0] is "importer" or "exporter");
        Assert.Equal(7, rows.Count);
        Assert.Equal(Joined(rows, "importer"), Convert.ToHexStringLower([.. lab.One.Wire]));
        Assert.Equal(Joined(rows, "exporter"), Convert.ToHexStringLower([.. lab.Other.Wire]));
    }

    [Fact]
    public void The_page_about_the_tunnel_protocol_shows_what_is_sent()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        lab.Other.Service = connection => connection.Service == "web" ? TunnelReason.NoSuchService : null;
        LabLocal client = lab.One.Open()!;
        client.Send(Hello);
        lab.Run();
        LabLocal server = lab.Other.Locals[0];
        server.Send(Hello);
        lab.Run();
        client.Finish();
        lab.Run();
        server.Finish();
        lab.Run();
        lab.One.Open(service: "web");
        lab.Run();
        lab.One.Core.GoAway(TunnelReason.Closing, "bye");
        lab.Run();
        List<string[]> rows = DocumentTable.Read("tunnel.md", row => row.Length == 3 && row[0] is ">" or "<");
        Assert.Equal(11, rows.Count);
        Assert.Equal(Joined(rows, ">"), WithoutPings(lab.One.Wire));
        Assert.Equal(Joined(rows, "<"), WithoutPings(lab.Other.Wire));
    }

    [Fact]
    public void Every_type_and_reason_stands_on_the_page()
    {
        List<string[]> types = DocumentTable.Read("tunnel.md", row => row.Length == 3 && byte.TryParse(row[0], out _));
        Assert.Equal(Enum.GetValues<TunnelFrameType>().Select(type => $"{(byte)type} {type}".ToLowerInvariant()), types.Select(row => $"{row[0]} {row[1]}"));
        List<string[]> reasons = DocumentTable.Read("tunnel.md", row => row.Length == 2 && byte.TryParse(row[0], out _));
        Assert.Equal(Enum.GetValues<TunnelReason>().Select(reason => $"{(int)reason}"), reasons.Select(row => row[0]).Skip(2)); // Behind the two fields of hello.
    }

    private static string Joined(List<string[]> rows, string from) =>
        string.Concat(rows.Where(row => row[0] == from).Select(row => row[2].Replace(" ", "", StringComparison.Ordinal)));

    private static string WithoutPings(List<byte> wire)
    {
        List<byte> kept = [];
        for (ReadOnlySpan<byte> rest = wire.ToArray(); !rest.IsEmpty;)
        {
            TunnelFrame frame = TunnelFrame.Read(rest);
            int length = TunnelFrame.HeaderLength + frame.Length;
            if (frame.Type is not (TunnelFrameType.Ping or TunnelFrameType.Pong)) kept.AddRange(rest[..length]);
            rest = rest[length..];
        }

        return Convert.ToHexStringLower([.. kept]);
    }
}
