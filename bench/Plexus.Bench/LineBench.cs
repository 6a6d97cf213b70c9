using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>Whether the laboratory's line keeps what it promises: delay, loss and rate, by datagrams through a NAT.</summary>
internal static class LineBench
{
    private const int DatagramLength = 1200;

    public static int Run(Options options)
    {
        if (NamespaceInternet.WhyNot is { } reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        DelayLineOptions line = new()
        {
            Delay = TimeSpan.FromMilliseconds(options.Number("delay", 10)),
            Loss = options.Number("loss", 0) / 100,
            BitsPerSecond = (long)(options.Number("rate", 0) * 1_000_000),
        };
        int count = (int)options.Number("count", 300);
        Console.WriteLine($"line: {line.Delay.TotalMilliseconds} ms each way, {line.Loss:P1} loss, {line.BitsPerSecond / 1e6} Mbit/s (0: no limit)");
        Console.WriteLine($"without a line   round trip ms: {Ping(null, count).Trips}");
        (Figures trips, double lost) = Ping(line, count);
        Console.WriteLine($"with the line    round trip ms: {trips}   lost {lost:P1}");
        double seconds = options.Number("seconds", 3);
        Console.WriteLine($"throughput of {DatagramLength} byte datagrams: {Throughput(line, seconds):0.0} MB/s");
        Load(line, seconds);
        return 0;
    }

    /// <summary>What segmentation offload joins must be treated as the packets that it is.</summary>
    private static void Load(DelayLineOptions line, double seconds)
    {
        foreach (double offered in line.BitsPerSecond == 0 ? (double[])[50e6, 150e6, 300e6] : [line.BitsPerSecond / 8 * 1.25])
        {
            using DelayedPair pair = new(line);
            (double rate, double lost) = LineLoad.Datagrams(pair, offered, seconds);
            Console.WriteLine(
                $"datagrams joined by offload, {offered / 1e6:0} MB/s offered: {rate / 1e6:0.0} MB/s, lost {lost:P2} "
                + $"(line: passed {pair.Line!.Passed}, lost {pair.Line.Lost}, overflowed {pair.Line.Overflowed})");
        }

        foreach (string congestion in (string[])["cubic", "bbr"])
        {
            using DelayedPair pair = new(line);
            Console.WriteLine($"tcp {congestion}: {LineLoad.Tcp(pair, congestion, warmUp: 2, seconds) / 1e6:0.0} MB/s");
        }
    }

    private static (Figures Trips, double Lost) Ping(DelayLineOptions? line, int count)
    {
        using NamespaceInternet internet = new();
        (Socket home, Socket server, IPEndPoint to) = Open(internet, line);
        using (home)
        using (server)
        {
            Thread echo = new(() => Echo(server)) { IsBackground = true };
            echo.Start();
            home.ReceiveTimeout = 500;
            byte[] buffer = new byte[DatagramLength];
            List<double> trips = [];
            for (int i = 0; i < count; i++)
            {
                BitConverter.TryWriteBytes(buffer, i);
                long start = Stopwatch.GetTimestamp();
                home.SendTo(buffer.AsSpan(0, 100), to);
                try
                {
                    while (home.Receive(buffer) < 4 || BitConverter.ToInt32(buffer) != i) { }
                    trips.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                catch (SocketException)
                {
                    // Lost on one of its two ways.
                }

                Thread.Sleep(2);
            }

            // The first ones pay for the address resolution and for the compiler.
            return (new Figures(trips.Skip(Math.Min(10, trips.Count / 2))), 1 - ((double)trips.Count / count));
        }
    }

    private static double Throughput(DelayLineOptions line, double seconds)
    {
        using NamespaceInternet internet = new();
        (Socket home, Socket server, IPEndPoint to) = Open(internet, line);
        using (home)
        using (server)
        {
            long received = 0;
            Thread counter = new(() =>
            {
                byte[] buffer = new byte[2048];
                try
                {
                    while (true) received += server.Receive(buffer);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // The end of the measurement closes the socket.
                }
            }) { IsBackground = true };
            counter.Start();
            // A quarter more than the rate, so that the queue is never empty; without a rate, 60 MB/s.
            double bytesPerSecond = line.BitsPerSecond == 0 ? 60e6 : line.BitsPerSecond / 8 * 1.25;
            byte[] datagram = new byte[DatagramLength];
            SocketAddress address = to.Serialize();
            long start = Stopwatch.GetTimestamp();
            long sent = 0;
            while (Stopwatch.GetElapsedTime(start).TotalSeconds is var now && now < seconds)
            {
                if (sent > now * bytesPerSecond)
                {
                    Thread.Sleep(1);
                    continue;
                }

                sent += home.SendTo(datagram, SocketFlags.None, address);
            }

            return Interlocked.Read(ref received) / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
        }
    }

    private static (Socket Home, Socket Server, IPEndPoint To) Open(NamespaceInternet internet, DelayLineOptions? line)
    {
        NamespaceHost home = internet.AddHost(internet.AddNat(NatRecipe.PortRestricted, line));
        NamespaceHost server = internet.AddPublicHost("server");
        Socket far = server.Namespace.Run(Bind);
        return (home.Namespace.Run(Bind), far, new IPEndPoint(server.Address, ((IPEndPoint)far.LocalEndPoint!).Port));
    }

    private static Socket Bind()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return socket;
    }

    private static void Echo(Socket server)
    {
        byte[] buffer = new byte[DatagramLength];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                int length = server.ReceiveFrom(buffer, ref from);
                server.SendTo(buffer.AsSpan(0, length), from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end of the measurement closes the socket.
        }
    }
}
