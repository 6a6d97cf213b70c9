using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using Plexus.Protocols;
using Plexus.Protocols.Tubus;

namespace Plexus.Bench;

/// <summary>What the tubus core costs without a socket: the mask, and a stream from one channel to another in memory.</summary>
internal static class TubusBench
{
    private const int Ordinary = 1406; // bytes: the original's largest datagram
    private const ulong Secret = 0x1234567890ABCDEF;

    public static int Run(Options options)
    {
        int megabytes = (int)options.Number("megabytes", 2000);
        int datagram = (int)options.Number("datagram", Ordinary);
        int runs = (int)options.Number("runs", 5);
        Console.WriteLine($"{"",-46}{"median",10}{"best",10}");
        foreach ((string name, Func<int, double> measure) in MaskMeasurements(datagram))
            Print($"mask, {name}, GB/s", runs, () => measure(megabytes));
        foreach (ulong secret in (ulong[])[0, Secret])
        {
            string with = secret == 0 ? "without secret" : "with secret";
            List<Transfer> transfers = [.. Enumerable.Range(0, runs + 1).Select(_ => Move(megabytes, datagram, secret)).Skip(1)];
            Print($"channel {with}, sending side, MB/s", transfers.Select(t => megabytes / t.Sending.TotalSeconds));
            Print($"channel {with}, receiving side, MB/s", transfers.Select(t => megabytes / t.Receiving.TotalSeconds));
            Print($"channel {with}, sending, ns a datagram", transfers.Select(t => t.Sending.TotalNanoseconds / t.Datagrams));
            Print($"channel {with}, receiving, ns a datagram", transfers.Select(t => t.Receiving.TotalNanoseconds / t.Datagrams));
            Print($"channel {with}, garbage bytes a datagram", transfers.Select(t => (double)t.Garbage / t.Datagrams));
        }

        Console.WriteLine($"{"an idle channel, bytes",-46}{Idle(),10:0}");
        return 0;
    }

    /// <summary>What a channel keeps that has carried 200 kB and is quiet now.</summary>
    private static double Idle()
    {
        const int Pairs = 1000;
        byte[] wire = new byte[65_536];
        Random random = new(1);
        PagePool pool = new();
        TubusOptions options = new() { Extends = true };
        List<TubusChannel> kept = new(2 * Pairs);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Pairs; i++)
        {
            TubusChannel one = new(options, TubusRole.Connector, Secret, 1, () => (ulong)random.NextInt64(), default, pool: pool);
            TubusChannel other = new(options, TubusRole.Acceptor, Secret, 2, () => (ulong)random.NextInt64(), default, pool: pool);
            kept.Add(one);
            kept.Add(other);
            Talk(one, other, wire, milliseconds: 0);
            one.Write(new byte[200_000], default);
            for (int second = 0; second < 10; second++) Talk(one, other, wire, (second * 1000) + 10);
        }

        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (2.0 * Pairs);
        GC.KeepAlive(kept);
        return bytes;
    }

    private static void Talk(TubusChannel one, TubusChannel other, byte[] wire, double milliseconds)
    {
        Instant now = new(TimeSpan.FromMilliseconds(milliseconds));
        one.OnDeadline(now);
        other.OnDeadline(now);
        while (Carry(one, other, wire, ref now) | Carry(other, one, wire, ref now))
        {
        }
    }

    private static bool Carry(TubusChannel from, TubusChannel to, byte[] wire, ref Instant now)
    {
        bool any = false;
        while (from.TryTransmit(wire, now, out int length, out int datagramLength, out _))
        {
            now += TimeSpan.FromMicroseconds(10);
            to.OnDatagrams(wire.AsSpan(0, length), datagramLength, now);
            to.Read(wire, now);
            any = true;
        }

        return any;
    }

    private static IEnumerable<(string Name, Func<int, double> Measure)> MaskMeasurements(int datagram)
    {
        yield return ("one after another", m => Mask(m, datagram, static (d, l) =>
        {
            for (int at = 0; at < d.Length; at += l) TubusMask.Remove(d.Slice(at, l), Secret);
        }));
        yield return ("side by side", m => Mask(m, datagram, static (d, l) => TubusMask.Remove(d, l, Secret)));
        yield return ("side by side, plain registers", m => Mask(m, datagram, static (d, l) => InLanes(d, l, TubusMaskLanes.MaskWords)));
        if (Avx2.IsSupported) yield return ("side by side, 256 bits", m => Mask(m, datagram, static (d, l) => InLanes(d, l, TubusMaskLanes.Mask256)));
        if (Avx512BW.IsSupported) yield return ("side by side, 512 bits", m => Mask(m, datagram, static (d, l) => InLanes(d, l, TubusMaskLanes.Mask512)));
    }

    private static void InLanes(Span<byte> datagrams, int length, TubusMaskLanes.Way way)
    {
        for (int at = 0; at < datagrams.Length; at += length * TubusMaskLanes.Count)
            TubusMaskLanes.Mask(datagrams[at..Math.Min(at + (length * TubusMaskLanes.Count), datagrams.Length)], length, Secret, way);
    }

    private static double Mask(int megabytes, int datagram, MaskAction action)
    {
        byte[] batch = new byte[TubusPacket.LongestDatagram / datagram * datagram];
        for (int at = 0; at < batch.Length; at += datagram) BinaryPrimitives.WriteUInt64BigEndian(batch.AsSpan(at), (ulong)Random.Shared.NextInt64());
        long rounds = (megabytes * 1_000_000L / batch.Length) + 1;
        action(batch, datagram);
        long start = Stopwatch.GetTimestamp();
        for (long i = 0; i < rounds; i++) action(batch, datagram);
        return rounds * batch.Length / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    private static Transfer Move(int megabytes, int datagram, ulong secret)
    {
        Random random = new(1);
        TubusOptions options = new() { Extends = true, LargestDatagram = datagram };
        long start = Stopwatch.GetTimestamp();
        TubusChannel sender = new(options, TubusRole.Connector, secret, 1, () => (ulong)random.NextInt64(), default);
        TubusChannel receiver = new(options, TubusRole.Acceptor, secret, 2, () => (ulong)random.NextInt64(), default);
        byte[] wire = new byte[65_536];
        byte[] data = new byte[65_536];
        byte[] read = new byte[65_536];
        long left = megabytes * 1_000_000L;
        long sending = 0;
        long receiving = 0;
        long garbage = GC.GetAllocatedBytesForCurrentThread();
        while (left > 0)
        {
            long t0 = Stopwatch.GetTimestamp();
            while (sender.Writable >= data.Length) sender.Write(data, Now());
            while (sender.TryTransmit(wire, Now(), out int length, out int datagramLength, out _))
            {
                long t1 = Stopwatch.GetTimestamp();
                receiver.OnDatagrams(wire.AsSpan(0, length), datagramLength, Now());
                while (receiver.Read(read, Now()) is var n && n > 0) left -= n;
                bool answers = receiver.TryTransmit(wire, Now(), out length, out datagramLength, out _);
                long t2 = Stopwatch.GetTimestamp();
                sending += t1 - t0;
                receiving += t2 - t1;
                t0 = t2;
                while (answers)
                {
                    sender.OnDatagrams(wire.AsSpan(0, length), datagramLength, Now());
                    answers = receiver.TryTransmit(wire, Now(), out length, out datagramLength, out _);
                }
            }

            sending += Stopwatch.GetTimestamp() - t0;
            if (sender.Deadline <= Now()) sender.OnDeadline(Now());
            if (receiver.Deadline <= Now()) receiver.OnDeadline(Now());
        }

        garbage = GC.GetAllocatedBytesForCurrentThread() - garbage;
        return new(Stopwatch.GetElapsedTime(0, sending), Stopwatch.GetElapsedTime(0, receiving), sender.Report.DatagramsSent, garbage);

        Instant Now() => new(Stopwatch.GetElapsedTime(start));
    }

    private static void Print(string name, int runs, Func<double> measure)
    {
        measure(); // The first run also compiles.
        Print(name, Enumerable.Range(0, runs).Select(_ => measure()));
    }

    private static void Print(string name, IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        bool isSpeed = name.Contains("/s", StringComparison.Ordinal);
        Console.WriteLine($"{name,-46}{sorted[sorted.Length / 2],10:0.0}{(isSpeed ? sorted[^1] : sorted[0]),10:0.0}");
    }

    private delegate void MaskAction(Span<byte> datagrams, int datagramLength);

    private sealed record Transfer(TimeSpan Sending, TimeSpan Receiving, long Datagrams, long Garbage);
}
