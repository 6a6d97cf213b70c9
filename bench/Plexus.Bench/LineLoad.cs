using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>Loads a delayed line by sockets of the kernel: datagrams joined by segmentation offload, and TCP.</summary>
internal static class LineLoad
{
    private const int DatagramLength = 1400;
    private const int Joined = 44; // datagrams in one call; 64 KB is the most
    private const int UdpLevel = 17; // SOL_UDP
    private const int UdpSegment = 103;
    private const int TcpLevel = 6;
    private const int TcpCongestion = 13;

    /// <summary>Sends datagrams at a rate, 44 a call.</summary>
    /// <param name="pair">The hosts.</param>
    /// <param name="bytesPerSecond">The rate.</param>
    /// <param name="seconds">For how long.</param>
    /// <returns>Bytes a second that arrived, and the part of the datagrams that did not.</returns>
    public static (double BytesPerSecond, double Lost) Datagrams(DelayedPair pair, double bytesPerSecond, double seconds)
    {
        using Socket receiver = pair.Right.Run(() => Datagram(DelayedPair.RightAddress));
        using Socket sender = pair.Left.Run(() => Datagram(DelayedPair.LeftAddress));
        sender.SetRawSocketOption(UdpLevel, UdpSegment, BitConverter.GetBytes(DatagramLength));
        sender.Connect(receiver.LocalEndPoint!);
        receiver.ReceiveTimeout = 1000; // longer than any line's delay
        long received = 0;
        TimeSpan last = default;
        long start = Stopwatch.GetTimestamp();
        Thread counter = new(() =>
        {
            byte[] buffer = new byte[2048];
            try
            {
                while (true)
                {
                    receiver.Receive(buffer);
                    received++;
                    last = Stopwatch.GetElapsedTime(start);
                }
            }
            catch (SocketException)
            {
                // Nothing comes any more.
            }
        });
        counter.Start();
        byte[] batch = new byte[DatagramLength * Joined];
        long sent = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds is var now && now < seconds)
        {
            if (sent * DatagramLength > now * bytesPerSecond)
            {
                Thread.Sleep(0);
                continue;
            }

            sender.Send(batch);
            sent += Joined;
        }

        counter.Join();
        return (received * DatagramLength / last.TotalSeconds, 1 - ((double)received / sent));
    }

    /// <summary>Sends a stream by TCP.</summary>
    /// <param name="pair">The hosts.</param>
    /// <param name="congestion">The congestion control, as the kernel names it.</param>
    /// <param name="warmUp">Seconds that do not count: the start takes its time.</param>
    /// <param name="seconds">Seconds that do.</param>
    /// <returns>Bytes a second that the receiver read.</returns>
    public static double Tcp(DelayedPair pair, string congestion, double warmUp, double seconds)
    {
        using Socket listener = pair.Right.Run(() => Stream(DelayedPair.RightAddress));
        listener.Listen();
        using Socket sender = pair.Left.Run(() => Stream(DelayedPair.LeftAddress));
        sender.SetRawSocketOption(TcpLevel, TcpCongestion, Encoding.ASCII.GetBytes(congestion));
        sender.Connect(listener.LocalEndPoint!);
        using Socket receiver = listener.Accept();
        Thread sending = new(() =>
        {
            byte[] data = new byte[256 * 1024];
            try
            {
                while (true) sender.Send(data);
            }
            catch (SocketException)
            {
                // The end of the measurement closes the other side.
            }
        });
        sending.Start();
        byte[] buffer = new byte[1024 * 1024];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < warmUp) receiver.Receive(buffer);
        long received = 0;
        start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds) received += receiver.Receive(buffer);
        double rate = received / Stopwatch.GetElapsedTime(start).TotalSeconds;
        receiver.Close(0);
        sending.Join();
        return rate;
    }

    private static Socket Datagram(IPAddress address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
            SendBufferSize = 4 << 20,
        };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private static Socket Stream(IPAddress address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
