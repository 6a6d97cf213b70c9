using System.Buffers.Binary;
using System.Text.Json;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>Whatever a peer sends: nothing throws, memory stays bounded, an honest stream goes on.</summary>
/// <remarks>Alone, since the memory is that of the process.</remarks>
[CollectionDefinition(nameof(TubusHostileTests), DisableParallelization = true)]
[Collection(nameof(TubusHostileTests))]
public sealed class TubusHostileTests
{
    private const uint Pin = 7;

    public static TheoryData<string> Captures => TubusVectorTests.Captures;

    [Theory]
    [MemberData(nameof(Captures))]
    public void No_truncation_and_no_change_of_an_octet_of_a_captured_datagram_throws(string file)
    {
        foreach (JsonElement packet in TubusVectorTests.Read(file, out _))
        {
            byte[] plain = Convert.FromHexString(packet.TryGetProperty("plain_hex", out JsonElement hex) ? hex.GetString()! : packet.GetProperty("hex").GetString()!);
            BinaryPrimitives.WriteUInt32BigEndian(plain.AsSpan(12), Pin);
            int looked = Math.Min(plain.Length, 120);
            TubusChannel channel = Linked();
            for (int length = 0; length < looked; length++) Feed(channel, plain[..length]);
            for (int at = 0; at < looked; at++)
            {
                foreach (byte change in (byte[])[1, 0x80, 0xff, 0x20])
                {
                    byte[] changed = [.. plain];
                    changed[at] ^= change;
                    Feed(channel, changed);
                    if (channel.State == TubusState.Closed) channel = Linked(); // Some of them are a tear.
                }
            }
        }
    }

    [Fact]
    public void Random_sections_do_not_throw_and_do_not_fill_memory()
    {
        Random random = new(3);
        byte[] datagram = new byte[1400];
        ulong[] numbers = [0, 1, 5_242_879, 5_242_880, 5_242_881, long.MaxValue - 1, long.MaxValue, (ulong)long.MaxValue + 1, ulong.MaxValue - 1, ulong.MaxValue];
        PagePool pool = new();
        TubusChannel channel = Linked(pool);
        byte[] data = new byte[64];
        byte[] wire = new byte[65_536];
        for (int i = 0; i < 200_000; i++)
        {
            TubusWriter writer = new(datagram, Pin);
            for (int sections = random.Next(1, 12); sections > 0; sections--)
            {
                ulong number = random.Next(2) == 0 ? numbers[random.Next(numbers.Length)] : (ulong)random.Next(6_000_000);
                TubusSectionType type = (TubusSectionType)random.Next(6, 12);
                if (type == TubusSectionType.Move) writer.WriteMove((long)number, random.Next(1, 64)).Fill(1);
                else if (random.Next(6) > 0) writer.Write(type, number);
                else BinaryPrimitives.WriteUInt64BigEndian(writer.WriteArrived((long)number, 1), (ulong)random.Next(6_000_000));
            }

            channel.OnDatagrams(datagram.AsSpan(0, writer.Length), writer.Length, new(TimeSpan.FromMicroseconds(i)));
            Assert.Equal(TubusState.Linked, channel.State);
            if (i % 50 == 0) channel.Write(data, new(TimeSpan.FromMicroseconds(i)));
            if (i % 7 == 0) channel.TryTransmit(wire, new(TimeSpan.FromMicroseconds(i)), out _, out _, out _);
        }

        // The window, and what we have written.
        Assert.InRange(pool.UsedCount + pool.FreeCount, 1, (5_242_880 / PagePool.PageLength) + 20);
    }

    [Fact]
    public void Acknowledgements_of_what_was_never_sent_change_nothing()
    {
        TubusChannel channel = Linked();
        byte[] datagram = new byte[200];
        TubusWriter writer = new(datagram, Pin);
        writer.Write(TubusSectionType.Edge, ulong.MaxValue);
        writer.Write(TubusSectionType.MoveEcho, 0);
        writer.Write(TubusSectionType.MoveEcho, ulong.MaxValue);
        writer.WriteArrived(long.MaxValue, 1).Fill(0xff);
        writer.WriteArrived(-1, 0);
        channel.OnDatagrams(datagram.AsSpan(0, writer.Length), writer.Length, default);
        byte[] wire = new byte[65_536];
        while (channel.TryTransmit(wire, default, out _, out _, out _))
        {
        }

        Assert.Equal(100, channel.Write(new byte[100], default));
        Assert.True(channel.TryTransmit(wire, default, out int length, out _, out _));
        Assert.True(TubusPacket.TryRead(wire.AsSpan(0, length), out TubusPacket packet));
        TubusSections sections = packet.Sections;
        Assert.True(sections.MoveNext());
        Assert.Equal((TubusSectionType.Move, 0UL, 100), (sections.Type, sections.Number, sections.Data.Length));
    }

    [Fact]
    public void Data_beyond_the_edge_is_ignored_and_not_acknowledged()
    {
        TubusChannel channel = Linked();
        foreach (long offset in (long[])[5_242_880, 5_242_879, 5_242_870, -1, -20, long.MaxValue])
        {
            byte[] datagram = new byte[100];
            TubusWriter writer = new(datagram, Pin);
            writer.WriteMove(offset, 20);
            channel.OnDatagrams(datagram.AsSpan(0, writer.Length), writer.Length, default);
        }

        Assert.False(channel.TryTransmit(new byte[65_536], default, out _, out _, out _));
        Assert.Equal(TubusState.Linked, channel.State);
    }

    [Fact]
    public void Datagrams_with_another_pin_are_dropped()
    {
        TubusChannel channel = Linked();
        byte[] datagram = new byte[100];
        TubusWriter writer = new(datagram, Pin + 1);
        writer.Write(TubusSectionType.Tear);
        channel.OnDatagrams(datagram.AsSpan(0, writer.Length), writer.Length, default);
        Assert.Equal(TubusState.Linked, channel.State);
        Assert.Equal(1, channel.Report.DatagramsDropped);
    }

    /// <summary>An acceptor that is linked with a peer of this pin and owes nothing.</summary>
    private static TubusChannel Linked(PagePool? pool = null)
    {
        ulong random = 0x1234_5678_9abc_def0;
        TubusChannel channel = new(new(), TubusRole.Acceptor, 0, 99, () => random += 0x9e37_79b9_7f4a_7c15, default, pool: pool);
        byte[] datagram = new byte[200];
        TubusWriter writer = new(datagram, Pin);
        writer.Write(TubusSectionType.Link);
        writer.Write(TubusSectionType.Edge, 5_242_880);
        writer.Fill(100);
        channel.OnDatagrams(datagram.AsSpan(0, 100), 100, default);
        byte[] wire = new byte[65_536];
        Assert.True(channel.TryTransmit(wire, default, out int length, out _, out _));
        ulong ping = 0;
        Assert.True(TubusPacket.TryRead(wire.AsSpan(0, length), out TubusPacket packet));
        for (TubusSections sections = packet.Sections; sections.MoveNext();)
        {
            if (sections.Type == TubusSectionType.Ping) ping = sections.Number;
        }

        writer = new TubusWriter(datagram, Pin);
        writer.Write(TubusSectionType.PingEcho, ping);
        writer.Write(TubusSectionType.EdgeEcho, 5_242_880);
        channel.OnDatagrams(datagram.AsSpan(0, writer.Length), writer.Length, default);
        Assert.True(channel.IsValidated);
        Assert.False(channel.TryTransmit(wire, default, out _, out _, out _));
        return channel;
    }

    private static void Feed(TubusChannel channel, byte[] datagram)
    {
        byte[] wire = new byte[65_536];
        channel.OnDatagrams(datagram, Math.Max(datagram.Length, 1), default);
        while (channel.TryTransmit(wire, default, out _, out _, out _))
        {
        }
    }
}
