using System.Buffers.Binary;
using System.Diagnostics;

namespace Plexus.Bench;

/// <summary>What both ends of a measured stream say: bulk one way, and echoes.</summary>
/// <remarks>
/// An order is 8 bytes: so many bytes follow, which are answered with the receiver's processor time in ticks; or, negative, so many
/// echoes of 64 bytes; or zero, the end.
/// </remarks>
internal static class StreamTalk
{
    public const int EchoLength = 64;

    private const int OrderLength = 8;

    /// <summary>One transfer: its time, and the processor seconds of the sending and of the receiving process.</summary>
    public readonly record struct Transfer(double Seconds, double SenderSeconds, double ReceiverSeconds);

    public static async Task<Transfer> SendAsync(Stream stream, long bytes, int chunk)
    {
        byte[] data = new byte[chunk];
        Random.Shared.NextBytes(data);
        double before = ProcessorSeconds;
        long start = Stopwatch.GetTimestamp();
        await OrderAsync(stream, bytes);
        for (long left = bytes; left > 0; left -= chunk) await stream.WriteAsync(data.AsMemory(0, (int)Math.Min(chunk, left)));
        await stream.FlushAsync();
        byte[] answer = new byte[OrderLength];
        await stream.ReadExactlyAsync(answer);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long ticks = BinaryPrimitives.ReadInt64BigEndian(answer);
        return new Transfer(seconds, ProcessorSeconds - before, TimeSpan.FromTicks(ticks).TotalSeconds);
    }

    /// <summary>The round trips of echoes, in microseconds.</summary>
    public static async Task<Figures> PingAsync(Stream stream, int count)
    {
        byte[] data = new byte[EchoLength];
        double[] trips = new double[count];
        await OrderAsync(stream, -count);
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await stream.WriteAsync(data);
            await stream.ReadExactlyAsync(data);
            trips[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return new Figures(trips);
    }

    public static ValueTask EndAsync(Stream stream) => OrderAsync(stream, 0);

    /// <summary>The other end, until it is told the end.</summary>
    public static async Task AnswerAsync(Stream stream, int chunk)
    {
        byte[] data = new byte[Math.Max(chunk, OrderLength)];
        byte[] echo = new byte[EchoLength];
        while (true)
        {
            await stream.ReadExactlyAsync(data.AsMemory(0, OrderLength));
            double before = ProcessorSeconds;
            long order = BinaryPrimitives.ReadInt64BigEndian(data);
            if (order == 0) return;
            for (long left = order; left < 0; left++)
            {
                await stream.ReadExactlyAsync(echo);
                await stream.WriteAsync(echo);
            }

            if (order < 0) continue;
            while (order > 0)
            {
                int length = await stream.ReadAsync(data.AsMemory(0, (int)Math.Min(data.Length, order)));
                if (length == 0) throw new EndOfStreamException();
                order -= length;
            }

            BinaryPrimitives.WriteInt64BigEndian(data, TimeSpan.FromSeconds(ProcessorSeconds - before).Ticks);
            await stream.WriteAsync(data.AsMemory(0, OrderLength));
            await stream.FlushAsync();
        }
    }

    private static double ProcessorSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static async ValueTask OrderAsync(Stream stream, long order)
    {
        byte[] data = new byte[OrderLength];
        BinaryPrimitives.WriteInt64BigEndian(data, order);
        await stream.WriteAsync(data);
        await stream.FlushAsync();
    }
}
