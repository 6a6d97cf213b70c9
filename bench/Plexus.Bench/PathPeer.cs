using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Bench;

/// <summary>One end of a measured flow, a process of its own inside a namespace: the verb <c>path-peer</c>, for <see cref="PathFlow"/> only.</summary>
/// <remarks>
/// The receiver prints how much it has got, ten times a second, and both print their processor time in the end. The clock of all
/// processes is the machine's.
/// </remarks>
internal static class PathPeer
{
    private const int TcpLevel = 6;
    private const int TcpCongestion = 13;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(Options options)
    {
        IPEndPoint local = IPEndPoint.Parse(options.Text("local", ""));
        IPEndPoint peer = IPEndPoint.Parse(options.Text("peer", ""));
        string kind = options.Text("kind", "");
        TimeSpan time = TimeSpan.FromSeconds(options.Number("seconds", 10));
        bool sends = options.Has("send");
        await (kind.StartsWith("tubus", StringComparison.Ordinal)
            ? TubusAsync(local, peer, kind, time, sends, options.Has("verbose"))
            : sends ? SendTcpAsync(local, peer, kind["tcp-".Length..], time) : ReceiveTcpAsync(local, time));
        using Process own = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cpu {own.TotalProcessorTime.TotalSeconds}"));
        return 0;
    }

    private static async Task TubusAsync(IPEndPoint local, IPEndPoint peer, string kind, TimeSpan time, bool sends, bool isVerbose)
    {
        TubusOptions tubus = new()
        {
            Extends = true,
            Congestion = kind == "tubus-cubic" ? CongestionAlgorithm.Cubic : CongestionAlgorithm.Bbr,
        };
        await using TubusSocket socket = new(
            UdpNetwork.Instance.Open(local), tubus, TimeProvider.System, NullLogger.Instance, companion: null, completesInline: true);
        using TubusStream stream = sends
            ? await socket.ConnectAsync(peer, secret: 0, CancellationToken.None)
            : await socket.AcceptAsync(peer, secret: 0, CancellationToken.None);
        if (!sends)
        {
            await ReceiveAsync(buffer => stream.ReadAsync(buffer), time, isVerbose ? elapsed => Tell(elapsed, stream) : null);
            return;
        }

        byte[] data = new byte[64 * 1024];
        long start = Stopwatch.GetTimestamp();
        TimeSpan next = TimeSpan.Zero;
        try
        {
            while (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed < time)
            {
                await stream.WriteAsync(data);
                if (!isVerbose || elapsed < next) continue;
                next += Pace;
                Tell(elapsed, stream);
            }
        }
        catch (IOException)
        {
            // The receiver has seen enough.
        }

        Tell(time, stream);
    }

    private static void Tell(TimeSpan elapsed, TubusStream stream)
    {
        TubusReport report = stream.Report;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"report {elapsed.TotalSeconds:0.0} s: {report.BytesSent / 1e6:0.0} MB, round trip {report.RoundTrip?.TotalMilliseconds:0.00}"
            + $" (least {report.LeastRoundTrip?.TotalMilliseconds:0.00}) ms, lost {report.FragmentsLost}, spurious {report.FragmentsSpurious},"
            + $" timeouts {report.ProbeTimeouts}, flight {report.InFlight / 1024} of {report.Window / 1024} KB, {report.BytesPerSecond / 1e6:0.0} MB/s,"
            + $" datagram {report.DatagramLength}, got {report.BytesReceived / 1e6:0.0} MB, receive window {report.ReceiveWindow / 1024} KB, {stream.Channel.Congestion}"));
    }

    private static async Task SendTcpAsync(IPEndPoint local, IPEndPoint peer, string congestion, TimeSpan time)
    {
        using Socket socket = await ConnectTcpAsync(local, peer, congestion);
        byte[] data = new byte[256 * 1024];
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (Stopwatch.GetElapsedTime(start) < time) await socket.SendAsync(data);
        }
        catch (SocketException)
        {
            // The receiver has seen enough.
        }
    }

    private static async Task<Socket> ConnectTcpAsync(IPEndPoint local, IPEndPoint peer, string congestion)
    {
        while (true)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(local);
                socket.SetRawSocketOption(TcpLevel, TcpCongestion, Encoding.ASCII.GetBytes(congestion));
                await socket.ConnectAsync(peer);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
            {
                socket.Dispose(); // After a refusal a socket connects no more.
                await Task.Delay(Pace); // The receiver is still starting.
            }
        }
    }

    private static async Task ReceiveTcpAsync(IPEndPoint local, TimeSpan time)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(local);
        listener.Listen();
        using Socket socket = await listener.AcceptAsync();
        await ReceiveAsync(buffer => socket.ReceiveAsync(buffer), time);
    }

    /// <summary>Counts what comes, from the link on.</summary>
    private static async Task ReceiveAsync(Func<Memory<byte>, ValueTask<int>> receive, TimeSpan time, Action<TimeSpan>? tell = null)
    {
        byte[] buffer = new byte[1024 * 1024];
        long start = Stopwatch.GetTimestamp();
        long total = 0;
        TimeSpan next = TimeSpan.Zero;
        StringBuilder told = new();
        try
        {
            while (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed < time)
            {
                if (elapsed >= next)
                {
                    told.AppendLine(CultureInfo.InvariantCulture, $"bytes {Stopwatch.GetTimestamp()} {total}");
                    next += Pace;
                    tell?.Invoke(elapsed);
                }

                int length = await receive(buffer);
                if (length == 0) break;
                total += length;
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The sender was done first.
        }

        told.AppendLine(CultureInfo.InvariantCulture, $"bytes {Stopwatch.GetTimestamp()} {total}");
        Console.Write(told);
    }
}
