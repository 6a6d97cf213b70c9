using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

public sealed class ClassicMultiplexerTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    [Fact] // protocols/wormhole.md section 4: measured on wormhole 1.2.6
    public void An_echo_is_the_bytes_of_the_original()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        LabLocal client = lab.One.Open()!;
        client.Send(Hello);
        lab.Run();
        Assert.Equal("0000000000000000" + "0000000000000005" + "68656c6c6f", Convert.ToHexStringLower([.. lab.One.Wire]));
        LabLocal server = Assert.Single(lab.Other.Locals);
        server.Send([.. server.Taken]);
        lab.Run();
        Assert.Equal("000000000000000568656c6c6f", Convert.ToHexStringLower([.. lab.Other.Wire]));
        Assert.Equal(Hello, client.Taken);
    }

    [Fact]
    public void Numbers_are_opened_in_their_order_even_if_the_client_has_gone_before()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        LabLocal[] clients = [.. Enumerable.Range(0, 3).Select(_ => lab.One.Open()!)];
        lab.One.Fail(clients[0]);
        lab.Run();
        Assert.Equal(
            "0000000000000000" + "0000000000000000" + "0000000100000000" + "0000000200000000",
            Convert.ToHexStringLower([.. lab.One.Wire]));
        Assert.Equal(["Opened 0 None", "Ended 0 None", "Opened 1 None", "Opened 2 None"], lab.Other.Events);
    }

    [Fact]
    public void Only_the_next_number_opens()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        foreach (string hex in (string[])["0000000100000000", "ffffffff00000000", "0000000000000000", "0000000200000000", "0000000100000000"])
            lab.Other.Receive(Convert.FromHexString(hex));
        Assert.Equal(["Opened 0 None", "Opened 1 None"], lab.Other.Events);
        Assert.Equal(3, lab.Other.Core.Stray);
    }

    [Fact]
    public void A_close_comes_after_the_last_data_and_cuts_nothing_off()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        LabLocal client = lab.One.Open()!;
        client.TakesAtOnce = false;
        lab.Run();
        LabLocal server = lab.Other.Locals[0];
        byte[] data = new byte[1_000_000];
        new Random(1).NextBytes(data);
        server.Send(data);
        server.Finish();
        lab.Run();
        Assert.True(client.IsEnded);
        Assert.False(client.IsClosed);
        Assert.Equal(data.Length, client.Waiting.Count);
        lab.One.Take(client, data.Length);
        Assert.Equal(data, client.Taken);
        Assert.True(client.IsClosed);
        Assert.False(client.IsAborted);
        Assert.Equal((0, 0), (lab.One.Core.Count, lab.Other.Core.Count));
    }

    [Fact]
    public void A_client_that_has_sent_its_last_still_gets_the_answer()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        LabLocal client = lab.One.Open()!;
        client.Send(Hello);
        client.Finish();
        lab.Run();
        LabLocal server = lab.Other.Locals[0];
        for (int i = 0; i < 4; i++)
        {
            lab.Wait(TimeSpan.FromSeconds(9)); // Less than the time of quiet, again and again.
            server.Send(Hello);
            lab.Run();
        }

        Assert.Equal(20, client.Taken.Count);
        Assert.True(client.Connection.CanReceive);
        server.Finish();
        lab.Run();
        Assert.True(client.IsClosed);
        Assert.False(client.IsAborted);
    }

    [Fact]
    public void A_client_that_has_gone_is_told_to_the_server_after_a_time_of_quiet()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        LabLocal client = lab.One.Open()!;
        client.Send(Hello);
        client.Finish();
        lab.Run();
        lab.Wait(TimeSpan.FromSeconds(9));
        Assert.False(lab.Other.Locals[0].IsEnded);
        lab.Wait(TimeSpan.FromSeconds(2));
        Assert.True(lab.Other.Locals[0].IsClosed);
        Assert.False(client.IsAborted);
        Assert.Equal((0, 0), (lab.One.Core.Count, lab.Other.Core.Count));
        Assert.Null(lab.One.Core.Deadline);
    }

    [Fact]
    public void A_connection_that_is_closed_without_an_answer_is_a_refusal()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        lab.Other.Service = _ => TunnelReason.Unreachable;
        LabLocal client = lab.One.Open()!;
        lab.Run();
        Assert.True(client.IsAborted);
        Assert.Equal(["Reset 0 Unreachable"], lab.One.Events);
    }

    [Fact]
    public void A_frame_longer_than_any_of_the_original_costs_its_connection_and_is_skipped()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        lab.One.Open();
        LabLocal second = lab.One.Open()!;
        lab.Run();
        byte[] rest = [0, 0, 0, 0, 0, 0x10, 0, 1, .. new byte[(1 << 20) + 1], 0, 0, 0, 1, 0, 0, 0, 5, .. Hello];
        lab.One.Receive(rest);
        Assert.Equal(["dismissed 0 Violation"], lab.One.Events);
        Assert.Equal(Hello, second.Taken);
        Assert.Null(lab.One.Core.Failure);
        lab.Run();
        Assert.Equal(["Opened 0 None", "Opened 1 None", "Ended 0 None"], lab.Other.Events);
    }

    [Fact]
    public void A_frame_of_gigabytes_ends_the_tunnel()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        lab.One.Open();
        lab.One.Receive([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        Assert.Contains("4294967295", lab.One.Core.Failure, StringComparison.Ordinal);
        Assert.False(lab.One.Core.TryTransmit(new byte[100_000], lab.Now, out _));
    }

    [Fact]
    public void A_lonely_receiver_that_takes_nothing_stops_the_carrier_and_is_left_alone()
    {
        TunnelLab lab = TunnelLab.OfClassic(Small);
        lab.Other.TakesAtOnce = false;
        LabLocal client = lab.One.Open()!;
        client.Send(new byte[1_000_000]);
        lab.Run();
        LabLocal server = lab.Other.Locals[0];
        Assert.False(lab.Other.Core.MayReceive);
        Assert.InRange(server.Waiting.Count, 100_000, 100_000 + lab.Piece);
        lab.Wait(TimeSpan.FromMinutes(4));
        Assert.False(server.IsAborted);
        for (int i = 0; i < 30; i++)
        {
            lab.Other.Take(server, 50_000);
            lab.Run();
        }

        Assert.Equal(1_000_000, server.Taken.Count);
    }

    [Fact]
    public void A_receiver_that_stops_others_for_too_long_is_closed_and_they_go_on()
    {
        TunnelLab lab = TunnelLab.OfClassic(Small);
        lab.Other.TakesAtOnce = false;
        LabLocal bulk = lab.One.Open()!;
        bulk.Send(new byte[1_000_000]);
        lab.Run();
        lab.Other.TakesAtOnce = true;
        LabLocal stalled = lab.Other.Locals[0], other = lab.One.Open()!;
        other.Send(Hello);
        lab.Run();
        lab.Wait(TimeSpan.FromMinutes(4.9));
        Assert.False(stalled.IsAborted);
        Assert.Single(lab.Other.Locals); // The carrier was not read any further, so the other one is not known here.
        lab.Wait(TimeSpan.FromSeconds(10));
        Assert.True(stalled.IsAborted);
        Assert.Equal(Hello, lab.Other.Locals[1].Taken);
        Assert.True(bulk.IsClosed);
    }

    [Fact]
    public void An_importer_that_knows_of_others_is_less_patient()
    {
        TunnelLab lab = TunnelLab.OfClassic(Small);
        lab.One.TakesAtOnce = false;
        LabLocal stalled = lab.One.Open()!;
        lab.Run();
        lab.Other.Locals[0].Send(new byte[1_000_000]);
        lab.Run();
        lab.Wait(TimeSpan.FromMinutes(10)); // Alone.
        Assert.False(stalled.IsAborted);
        lab.One.Open();
        lab.Wait(TimeSpan.FromSeconds(1));
        Assert.True(stalled.IsAborted);
        Assert.True(lab.Other.Locals[0].IsClosed);
    }

    [Fact]
    public void Nobody_waits_behind_a_bulk_transfer_for_more_than_a_turn()
    {
        TunnelLab lab = TunnelLab.OfClassic();
        lab.Capacity = 1;
        LabLocal bulk = lab.One.Open()!, other = lab.One.Open()!;
        bulk.Send(new byte[10_000_000]);
        byte[] buffer = new byte[32 << 10];
        lab.One.Transmit(buffer, 1);
        other.Send(Hello);
        int before = lab.One.Wire.Count;
        for (int i = 0; i < 3; i++) lab.One.Carry(lab.Other, int.MaxValue);
        lab.Other.Transmit(buffer, 1);
        while (lab.Other.Locals.Count < 2 || lab.Other.Locals[1].Taken.Count == 0)
        {
            lab.One.Transmit(buffer, 1);
            lab.One.Carry(lab.Other, int.MaxValue);
        }

        Assert.InRange(lab.One.Wire.Count - before, 5, 2 * (16 << 10));
    }

    [Fact]
    public void As_many_connections_as_allowed_are_open_and_lingering_ones_give_way()
    {
        TunnelLab lab = TunnelLab.OfClassic(new() { Connections = 2 }, new() { Connections = 2, HalfCloseQuiet = TimeSpan.Zero });
        LabLocal first = lab.One.Open()!;
        lab.One.Open();
        Assert.Null(lab.One.Open());
        lab.Run();
        lab.Other.Receive([0, 0, 0, 2, 0, 0, 0, 0]); // A peer that does not know the limit.
        Assert.Equal(2, lab.Other.Core.Count);
        first.Finish();
        lab.Run();
        Assert.NotNull(lab.One.Open());
        Assert.True(first.IsClosed);
    }

    [Fact]
    public void Openings_whose_answers_cannot_leave_stop_the_reading()
    {
        TunnelLab lab = TunnelLab.OfClassic(null, new() { Connections = 1, HalfCloseQuiet = TimeSpan.Zero });
        for (uint i = 0; lab.Other.Core.MayReceive; i++)
        {
            Assert.InRange(i, 0u, 300u);
            lab.Other.Receive([0, 0, (byte)(i >> 8), (byte)i, 0, 0, 0, 0]);
        }

        lab.Other.Transmit(new byte[100_000], int.MaxValue);
        Assert.True(lab.Other.Core.MayReceive);
    }

    private static MultiplexerLimits Small => new() { ConnectionBacklog = 100_000 };
}
