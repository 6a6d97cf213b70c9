using System.Text;
using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

public sealed class CreditMultiplexerTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    [Fact]
    public void Both_sides_know_each_other_after_the_first_frames_and_measure_the_round_trip()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        Assert.Equal(["Ready  None"], lab.One.Events);
        Assert.Equal(["Ready  None"], lab.Other.Events);
        TunnelHello hello = ((CreditMultiplexer)lab.One.Core).PeerHello!;
        Assert.Equal((TunnelProtocol.Tcp, "ssh"), Assert.Single(hello.Services));
        Assert.NotNull(lab.One.Core.RoundTrip);
        Assert.NotNull(lab.Other.Core.RoundTrip);
    }

    [Fact]
    public void Connections_are_opened_both_ways_and_carry_data_both_ways()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        LabLocal ours = lab.One.Open()!, theirs = lab.Other.Open(service: "web")!;
        Assert.Equal((0u, 1u), (ours.Connection.Id, theirs.Connection.Id));
        ours.Send(Hello); // Before the answer to the opening.
        lab.Run();
        Assert.Equal(["Ready  None", "Opened 0 None", "Accepted 1 None"], lab.Other.Events);
        LabLocal server = lab.Other.Locals[1];
        Assert.Equal("ssh", server.Connection.Service);
        Assert.Equal("web", lab.One.Locals[1].Connection.Service);
        Assert.Equal(Hello, server.Taken);
        server.Send(Hello);
        lab.Run();
        Assert.Equal(Hello, ours.Taken);
    }

    [Fact]
    public void An_end_is_of_one_direction_only()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        LabLocal client = lab.One.Open()!;
        client.Send(new byte[100]);
        client.Finish();
        lab.Run();
        LabLocal server = lab.Other.Locals[0];
        Assert.True(server.IsEnded);
        Assert.False(server.IsClosed);
        server.Send(new byte[1_000_000]);
        server.Finish();
        lab.Run();
        Assert.Equal((100, 1_000_000), (server.Taken.Count, client.Taken.Count));
        Assert.True(client.IsClosed);
        Assert.Equal((0, 0), (lab.One.Core.Count, lab.Other.Core.Count));
    }

    [Fact]
    public void A_refusal_and_a_reset_tell_their_reasons()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        lab.Other.Service = connection => connection.Service == "ssh" ? null : TunnelReason.NoSuchService;
        LabLocal refused = lab.One.Open(service: "absent")!, client = lab.One.Open()!;
        refused.Send(Hello);
        lab.Run();
        Assert.True(refused.IsAborted);
        lab.Other.Fail(lab.Other.Locals[1]);
        lab.Run();
        Assert.True(client.IsAborted);
        Assert.Equal(["Ready  None", "Reset 0 NoSuchService", "Accepted 2 None", "Reset 2 Reset"], lab.One.Events);
        Assert.Equal((0, 0), (lab.One.Core.Count, lab.Other.Core.Count));
    }

    [Fact]
    public void A_stalled_receiver_costs_its_window_and_stops_nobody()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        lab.Other.TakesAtOnce = false;
        LabLocal bulk = lab.One.Open()!;
        bulk.Send(new byte[10_000_000]);
        lab.Run();
        lab.Other.TakesAtOnce = true;
        Assert.Equal(64 << 10, lab.Other.Locals[0].Waiting.Count);
        Assert.True(lab.Other.Core.MayReceive);
        LabLocal other = lab.One.Open()!;
        other.Send(new byte[10_000_000]);
        lab.Run();
        Assert.Equal(10_000_000, lab.Other.Locals[1].Taken.Count);
        while (lab.Other.Locals[0].Waiting.Count > 0)
        {
            lab.Other.Take(lab.Other.Locals[0], 20_000);
            lab.Run();
        }

        Assert.Equal(10_000_000, lab.Other.Locals[0].Taken.Count);
    }

    [Fact]
    public void A_window_grows_while_its_receiver_keeps_up_and_memory_allows()
    {
        MultiplexerLimits limits = new() { Window = 1 << 10, LargestWindow = 100 << 10, Growth = 130 << 10 };
        TunnelLab lab = TunnelLab.OfCredit(limits);
        LabLocal[] clients = [.. Enumerable.Range(0, 3).Select(_ => lab.One.Open()!)];
        foreach (LabLocal client in clients)
        {
            client.Send(new byte[3_000_000]);
            lab.Run();
        }

        long[] windows = [.. lab.Other.Locals.Select(local => local.Connection.Window >> 10)];
        Assert.Equal([100, 32, 1], windows);
        Assert.All(lab.Other.Locals, local => Assert.Equal(3_000_000, local.Taken.Count));
        lab.One.Fail(clients[0]); // What it had is free for others.
        lab.Run();
        clients[2].Send(new byte[3_000_000]);
        lab.Run();
        Assert.Equal(100 << 10, lab.Other.Locals[2].Connection.Window);
    }

    [Fact]
    public void Who_sends_more_than_allowed_loses_the_connection_only()
    {
        TunnelLab lab = TunnelLab.OfCredit(new() { Window = 1 << 10 });
        lab.Other.TakesAtOnce = false;
        LabLocal client = lab.One.Open()!, other = lab.One.Open()!;
        lab.Run();
        lab.Other.Receive([5, 0, 4, 1, 0, 0, 0, 0, .. new byte[1025]]);
        Assert.Contains("dismissed 0 Violation", lab.Other.Events);
        lab.Run();
        Assert.True(client.IsAborted);
        other.Send(Hello);
        lab.Run();
        Assert.Equal(Hello, lab.Other.Locals[1].Waiting);
    }

    [Fact]
    public void Datagrams_keep_their_boundaries()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        lab.Piece = 999; // They are cut on the carrier.
        LabLocal client = lab.One.Open(TunnelProtocol.Udp, "dns")!;
        byte[][] datagrams = [[1], new byte[1400], [2, 3], new byte[65_507]];
        foreach (byte[] datagram in datagrams) client.SendDatagram(datagram);
        lab.Run();
        Assert.Equal(datagrams, lab.Other.Locals[0].Datagrams);
    }

    [Fact]
    public void An_idle_tunnel_is_silent()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        for (int i = 0; i < 100; i++) lab.One.Open();
        lab.Run();
        lab.Wait(TimeSpan.FromSeconds(10));
        int before = lab.One.Wire.Count + lab.Other.Wire.Count;
        lab.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(before, lab.One.Wire.Count + lab.Other.Wire.Count);
        Assert.Null(lab.One.Core.Deadline);
    }

    [Fact]
    public void After_a_farewell_nothing_is_opened_and_what_is_open_goes_on()
    {
        TunnelLab lab = TunnelLab.OfCredit();
        LabLocal client = lab.One.Open()!;
        lab.Run();
        lab.One.Core.GoAway(TunnelReason.Closing, "that is all");
        lab.Run();
        Assert.Equal("GoAway  Closing", lab.Other.Events[^1]);
        Assert.Null(lab.One.Open());
        Assert.Null(lab.Other.Open());
        client.Send(Hello);
        lab.Run();
        Assert.Equal(Hello, lab.Other.Locals[0].Taken);
    }

    [Fact]
    public void Openings_beyond_the_limit_are_refused_and_cannot_pile_up()
    {
        TunnelLab lab = TunnelLab.OfCredit(new() { Connections = 3 });
        for (int i = 0; i < 3; i++) Assert.NotNull(lab.One.Open());
        Assert.Null(lab.One.Open());
        lab.Run();
        byte[] payload = new byte[300];
        int length = TunnelFrame.WriteOpen(payload, TunnelProtocol.Tcp, "ssh");
        byte[] frame = new byte[8 + length];
        for (uint id = 6; lab.Other.Core.MayReceive; id += 2)
        {
            Assert.InRange(id, 0u, 1000u);
            new TunnelFrame(TunnelFrameType.Open, length, id).Write(frame);
            payload.AsSpan(0, length).CopyTo(frame.AsSpan(8));
            lab.Other.Receive(frame);
        }

        Assert.Equal(3, lab.Other.Core.Count);
        lab.Run();
        Assert.True(lab.Other.Core.MayReceive);
        Assert.Null(lab.One.Core.Failure); // The refusals of connections it never opened are strays.
    }

    [Theory]
    [InlineData("0100000600000000" + "504c58540909", "versions 9 to 9")]
    [InlineData("0100000600000000" + "504c58540100", null)]
    [InlineData("0100000600000000" + "504c58550101", "does not speak the tunnel protocol")]
    [InlineData("0100000000000000", "does not speak the tunnel protocol")]
    [InlineData("0000000000000000", "does not speak the tunnel protocol")] // the classic framing's first opening
    [InlineData("01010001000000000000", "65537 bytes")]
    [InlineData("0100000600000000" + "504c58540101" + "0500000100000000", "never opened")]
    [InlineData("0100000600000000" + "504c58540101" + "0200000200000000" + "0100", "number is not the next one")]
    [InlineData("0100000600000000" + "504c58540101" + "6300000200000000" + "0100" + "0700000000000001", null)] // a frame of a later version, a late reset
    public void What_breaks_the_rules_ends_the_tunnel_with_a_sentence(string hex, string? failure)
    {
        CreditMultiplexer core = new(isInviter: true, [], new());
        ReadOnlySpan<byte> bytes = Convert.FromHexString(hex);
        while (core.TryReceive(ref bytes, Instant.Zero, out _)) { }
        if (failure is null) Assert.Null(core.Failure);
        else Assert.Contains(failure, core.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_texts_are_cut_between_characters()
    {
        byte[] buffer = new byte[600];
        int length = TunnelFrame.WriteReason(buffer, TunnelReason.Reset, new string('ä', 200));
        Assert.Equal(2 + 254, length);
        Assert.Equal((TunnelReason.Reset, new string('ä', 127)), TunnelFrame.ReadReason(buffer.AsSpan(0, length)));
        Assert.Equal("", TunnelFrame.ReadReason([1]).Text);
        TunnelHello hello = new() { Window = 7, Services = [(TunnelProtocol.Udp, "dns"), (TunnelProtocol.Tcp, "")] };
        byte[] wire = new byte[TunnelFrame.LargestPayload];
        int count = hello.Write(wire);
        Assert.True(TunnelHello.TryRead(wire.AsSpan(0, count), out TunnelHello? read));
        Assert.Equal(hello.Services, read.Services);
        Assert.Equal(7u, read.Window);
        Assert.Equal(24, Encoding.UTF8.GetByteCount(Convert.ToHexString(wire.AsSpan(0, count))) / 2);
    }
}
