using System.Diagnostics;
using System.Net.Sockets;
using Plexus.EndToEnd.Fixtures;

namespace Plexus.Bench;

/// <summary>A TCP service through a tunnel of two processes on loopback, beside plain TCP and <c>ssh -L</c>.</summary>
internal static class TunnelBench
{
    private const int Megabyte = 1_000_000;
    private const int Mebibyte = 1 << 20;
    private const int EchoLength = 64;
    private const string Ours = "tubus+secret+tls"; // What plexus opens between two of ours.
    private const string Classic = "tubus";
    private const string ClassicMasked = "tubus+secret";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2); // Until memory has settled, or has grown.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(Options options)
    {
        string parts = options.Text("part", "abcde");
        using TemporaryIdentities identities = new(StreamEnds.Connector, StreamEnds.Acceptor);
        using TunnelledService service = new();
        options = options.With("identities", identities.Path);
        if (parts.Contains('a')) await EchoAsync(service, options);
        if (parts.Contains('b')) await IdleAsync(service, options);
        if (parts.Contains('c')) await StalledAsync(service, options);
        bool isWhole = !parts.Contains('d') || await WholeAsync(service, options);
        if (parts.Contains('e')) await BulkAsync(service, options);
        return isWhole ? 0 : 1;
    }

    /// <summary>What <c>./build</c> has made, if it has.</summary>
    private static string[] Programs => PlexusProgram.WhyNot is null ? [TunnelWay.Program, TunnelWay.MaskedProgram] : [];

    private static int Runs(Options options) => (int)options.Number("runs", 5);

    private static string[] Kinds(Options options, params string[] usual) =>
        options.Has("kinds") ? options.Text("kinds", "").Split(',') : usual;

    private static async Task EchoAsync(TunnelledService service, Options options)
    {
        int echoes = (int)options.Number("echoes", 5_000);
        Console.WriteLine($"echo of {EchoLength} B, us          p50     p99   (medians of {Runs(options)} runs of {echoes})");
        foreach (string kind in Kinds(options, [TunnelWay.Straight, TunnelWay.Ssh, Ours, Classic, ClassicMasked, .. Programs]))
        {
            using TunnelWay way = await TunnelWay.OpenAsync(kind, service.Port, options);
            using Socket client = TunnelledService.Connect(way.Port, 0);
            for (int i = 0; i < 4; i++) Echo(client, echoes); // For the compilers of all processes.
            List<Figures> runs = [];
            for (int i = 0; i < Runs(options); i++) runs.Add(Echo(client, echoes));
            Console.WriteLine($"  {kind,-22} {new Figures(runs.Select(run => run.Median)).Median,7:0.0} {new Figures(runs.Select(run => run.Part(0.99))).Median,7:0.0}");
        }
    }

    private static Figures Echo(Socket client, int count)
    {
        byte[] data = new byte[EchoLength];
        double[] trips = new double[count];
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            client.Send(data);
            for (int have = 0; have < EchoLength; have += client.Receive(data.AsSpan(have))) { }
            trips[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return new Figures(trips);
    }

    private static async Task IdleAsync(TunnelledService service, Options options)
    {
        int count = (int)options.Number("connections", 1_000);
        Console.WriteLine($"resident memory of both processes, MB (2^20): without connections, with {count} idle ones, of them for these");
        foreach (string kind in Kinds(options, [Ours, Classic, .. Programs]))
        {
            List<(double Before, double After)> runs = [];
            for (int i = 0; i < Runs(options); i++)
            {
                using TunnelWay way = await TunnelWay.OpenAsync(kind, service.Port, options);
                await Task.Delay(Settling);
                double before = way.Memory / (double)Mebibyte;
                int had = service.Connections;
                Socket[] clients = [.. Enumerable.Range(0, count).Select(_ => TunnelledService.Connect(way.Port, 0))];
                for (long start = Stopwatch.GetTimestamp(); service.Connections < had + count; await Task.Delay(50))
                {
                    if (Stopwatch.GetElapsedTime(start) > Patience) throw new TimeoutException($"only {service.Connections - had} of {count} connections came through");
                }

                await Task.Delay(Settling);
                runs.Add((before, way.Memory / (double)Mebibyte));
                foreach (Socket client in clients) client.Dispose();
            }

            Figures befores = new(runs.Select(run => run.Before)), afters = new(runs.Select(run => run.After)), costs = new(runs.Select(run => run.After - run.Before));
            Console.WriteLine($"  {kind,-22} {befores.Median,7:0.0} {afters.Median,7:0.0} {costs.Median,7:0.0}");
        }
    }

    private static async Task StalledAsync(TunnelledService service, Options options)
    {
        Console.WriteLine("a client that never reads 400 MB: growth of both processes, MB (2^20), after 10 s; another client's echo p50 meanwhile, us");
        foreach (string kind in Kinds(options, [Ours, Classic, .. Programs]))
        {
            using TunnelWay way = await TunnelWay.OpenAsync(kind, service.Port, options);
            using Socket other = TunnelledService.Connect(way.Port, 0);
            Echo(other, 1_000);
            double before = way.Memory / (double)Mebibyte;
            using Socket client = TunnelledService.Connect(way.Port, 400L * Megabyte);
            double most = 0;
            for (int i = 0; i < 5; i++)
            {
                await Task.Delay(Settling);
                most = Math.Max(most, (way.Memory / (double)Mebibyte) - before);
            }

            // In the classic framing one who stalls holds up all: it has no credit of its own for each.
            string trip = kind == Ours ? $"{Echo(other, 1_000).Median:0.0}" : "-";
            Console.WriteLine($"  {kind,-22} {most,7:0.0}   {trip}");
        }
    }

    private static async Task<bool> WholeAsync(TunnelledService service, Options options)
    {
        int count = (int)options.Number("closings", 100);
        Console.WriteLine($"20 MB, then the service closes: how many of {count} had all bytes, read fast and slowly");
        bool isWhole = true;
        foreach (string kind in Kinds(options, [Ours, Classic, .. Programs]))
        {
            using TunnelWay way = await TunnelWay.OpenAsync(kind, service.Port, options);
            int fast = Enumerable.Range(0, count).Count(_ => ReadAll(way.Port, 20 * Megabyte, pause: 0));
            int slow = Enumerable.Range(0, count).Count(_ => ReadAll(way.Port, 20 * Megabyte, pause: 1));
            isWhole &= fast == count && slow == count;
            Console.WriteLine($"  {kind,-22} {fast,7} {slow,7}");
        }

        return isWhole;
    }

    /// <summary>Whether all bytes come, each the right one, and then the end.</summary>
    private static bool ReadAll(int port, long bytes, int pause)
    {
        using Socket client = TunnelledService.Connect(port, bytes);
        byte[] buffer = new byte[1 << 16];
        long have = 0;
        try
        {
            while (client.Receive(buffer) is > 0 and int count)
            {
                int place = (int)(have % TunnelledService.Pattern.Length), most = Math.Min(count, TunnelledService.Pattern.Length - place);
                if (!buffer.AsSpan(0, most).SequenceEqual(TunnelledService.Pattern.AsSpan(place, most))
                    || !buffer.AsSpan(most, count - most).SequenceEqual(TunnelledService.Pattern.AsSpan(0, count - most))) return false;
                have += count;
                if (pause > 0 && have / Mebibyte != (have - count) / Mebibyte) Thread.Sleep(pause * 10);
            }
        }
        catch (SocketException)
        {
            return false;
        }

        return have == bytes;
    }

    private static async Task BulkAsync(TunnelledService service, Options options)
    {
        long bytes = (long)options.Number("size", 500) * Megabyte;
        Console.WriteLine($"{bytes / Megabyte} MB, MB/s: median, least, most of {Runs(options)}");
        foreach (string kind in Kinds(options, [TunnelWay.Straight, TunnelWay.Ssh, Ours, Classic, ClassicMasked, .. Programs]))
        {
            using TunnelWay way = await TunnelWay.OpenAsync(kind, service.Port, options);
            Transfer(way.Port, bytes); // For the compilers and the windows.
            Figures speeds = new(Enumerable.Range(0, Runs(options)).Select(_ => bytes / Transfer(way.Port, bytes) / Megabyte).ToArray());
            Console.WriteLine($"  {kind,-22} {speeds.Median,7:0} {speeds.Smallest,7:0} {speeds.Largest,7:0}");
        }
    }

    private static double Transfer(int port, long bytes)
    {
        long start = Stopwatch.GetTimestamp();
        using Socket client = TunnelledService.Connect(port, bytes);
        byte[] buffer = new byte[1 << 18];
        long have = 0;
        while (client.Receive(buffer) is > 0 and int count) have += count;
        return have == bytes ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{have} of {bytes} bytes came");
    }
}
