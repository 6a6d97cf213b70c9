using System.Diagnostics;
using System.Net;
using Plexus.Sockets;

namespace Plexus.Bench;

/// <summary>Datagrams by the batch from one thread to another one, with nothing above: what a stream cannot exceed.</summary>
internal static class RawPump
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(0.5);

    /// <summary>What arrives, in MB/s: the median.</summary>
    public static double Measure(int datagramLength, int runs) =>
        new Figures(Enumerable.Range(0, runs).Select(_ => RunOnce(datagramLength))).Median;

    private static double RunOnce(int datagramLength)
    {
        UdpDatagramSocket from = new(new IPEndPoint(IPAddress.Loopback, 0));
        UdpDatagramSocket to = new(new IPEndPoint(IPAddress.Loopback, 0));
        long received = 0;
        Task receiving = ReceiveAsync();
        byte[] batch = new byte[65_507 / datagramLength * datagramLength];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Time) from.SendBatch(batch, datagramLength, to.LocalEndPoint, mayFragment: false);
        double speed = Interlocked.Read(ref received) / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
        from.DisposeAsync().AsTask().Wait();
        to.DisposeAsync().AsTask().Wait();
        receiving.Wait();
        return speed;

        async Task ReceiveAsync()
        {
            byte[] buffer = new byte[65_536];
            try
            {
                while (true)
                {
                    await to.WaitToReceiveAsync();
                    while (to.TryReceiveBatch(buffer, out ReceivedBatch batch)) Interlocked.Add(ref received, batch.Length);
                }
            }
            catch (ObjectDisposedException)
            {
                // The end of the measurement closes the socket.
            }
        }
    }
}
