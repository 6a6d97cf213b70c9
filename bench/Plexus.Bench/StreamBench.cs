using System.Diagnostics;
using System.Globalization;

namespace Plexus.Bench;

/// <summary>One stream between two processes on loopback: bulk and echoes, beside plain TCP and the raw pump of equal datagrams.</summary>
internal static class StreamBench
{
    private const int Megabyte = 1_000_000;
    private const string Plain = "tubus";

    private static readonly string[] Kinds = ["tcp", "tcp+tls", Plain, "tubus+secret", "tubus+tls", "tubus+secret+tls"];

    public static async Task<int> RunAsync(Options options)
    {
        string[] kinds = options.Has("kind") ? options.Text("kind", "").Split(',') : Kinds;
        Console.WriteLine(
            $"{"",-18} {"MB/s",7}  {"least",6}  {"most",6}   CPU s per 500 MB: sends, receives   echo of {StreamTalk.EchoLength} B, us: p50, p99");
        Dictionary<string, double> speeds = [];
        foreach (string kind in kinds) speeds[kind] = await MeasureAsync(kind, options);
        foreach (string kind in kinds.Where(k => k != "tcp" && speeds.ContainsKey("tcp")))
            Console.WriteLine($"{kind,-18} {speeds[kind] / speeds["tcp"],7:P0} of plain TCP");
        return 0;
    }

    /// <summary>The other process.</summary>
    public static async Task<int> PeerAsync(Options options)
    {
        StreamEnds ends = new(options);
        await using Stream stream = await ends.AcceptAsync(static port => Console.WriteLine(port.ToString(CultureInfo.InvariantCulture)));
        await StreamTalk.AnswerAsync(stream, Chunk(options));
        if (options.Has("verbose") && ends.Tubus is { } tubus) Console.Error.WriteLine($"receiver: {tubus.Report}");
        return 0;
    }

    private static int Chunk(Options options) => (int)options.Number("chunk", 65_536);

    private static async Task<double> MeasureAsync(string kind, Options options)
    {
        long bytes = (long)options.Number("size", 500) * Megabyte;
        int runs = (int)options.Number("runs", 5);
        int echoes = (int)options.Number("echoes", 20_000);
        using TemporaryIdentities identities = new(StreamEnds.Connector, StreamEnds.Acceptor);
        options = options.With("kind", kind).With("identities", identities.Path);
        using Process peer = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["stream-peer", .. options.Arguments])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            int port = int.Parse((await peer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
            StreamEnds ends = new(options);
            await using Stream stream = await ends.ConnectAsync(port);
            await StreamTalk.SendAsync(stream, bytes, Chunk(options)); // For the compiler and the windows.
            List<StreamTalk.Transfer> transfers = [];
            for (int i = 0; i < runs; i++)
            {
                transfers.Add(await StreamTalk.SendAsync(stream, bytes, Chunk(options)));
                if (!options.Has("verbose")) continue;
                Console.Error.WriteLine($"{bytes / transfers[^1].Seconds / Megabyte:0} MB/s   {ends.Tubus?.Report}");
            }

            await StreamTalk.PingAsync(stream, echoes);
            Figures trips = await StreamTalk.PingAsync(stream, echoes);
            await StreamTalk.EndAsync(stream);
            Figures speeds = new(transfers.Select(t => bytes / t.Seconds / Megabyte));
            double to500 = 500.0 * Megabyte / bytes;
            double sender = new Figures(transfers.Select(t => t.SenderSeconds * to500)).Median;
            double receiver = new Figures(transfers.Select(t => t.ReceiverSeconds * to500)).Median;
            Console.WriteLine(
                $"{kind,-18} {speeds.Median,7:0}  {speeds.Smallest,6:0}  {speeds.Largest,6:0}   {sender,24:0.00}, {receiver,8:0.00}   {
                    trips.Median,23:0.0}, {trips.Part(0.99),6:0.0}");
            if (ends.Tubus is { } tubus)
            {
                if (options.Has("verbose")) Console.Error.WriteLine($"sender: {tubus.Report}");
                if (kind == Plain && !options.Has("no-raw")) Raw(tubus.Report.DatagramLength, runs, speeds.Median);
            }

            await peer.WaitForExitAsync();
            return speeds.Median;
        }
        finally
        {
            if (!peer.HasExited) peer.Kill();
        }
    }

    private static void Raw(int datagramLength, int runs, double speed)
    {
        double raw = RawPump.Measure(datagramLength, runs);
        Console.WriteLine($"{"  raw datagrams",-18} {raw,7:0}  of {datagramLength} B; the stream has {speed / raw:P0} of that");
    }
}
