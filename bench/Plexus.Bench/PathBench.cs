using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>Streams over a line with delay, losses and a rate, beside TCP on the same line.</summary>
internal static class PathBench
{
    private const int Port = 33_210;
    private const double BottleneckBits = 100e6;

    private static double _seconds;
    private static bool _isVerbose;

    public static async Task<int> RunAsync(Options options)
    {
        if (NamespaceInternet.WhyNot is { } reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        NetworkNamespace.RemoveStale();
        int runs = (int)options.Number("runs", 5);
        _isVerbose = options.Has("verbose");
        string parts = options.Text("part", "abc");
        string[] kinds = options.Text("kinds", "tubus-bbr,tubus-cubic,tcp-cubic,tcp-bbr").Split(',');
        if (parts.Contains('a')) await LongAsync(options, runs, kinds);
        if (parts.Contains('b')) await BottleneckAsync(options, runs, kinds);
        if (parts.Contains('c')) await SharedAsync(options, runs);
        return 0;
    }

    /// <summary>A long path without a rate.</summary>
    private static async Task LongAsync(Options options, int runs, string[] kinds)
    {
        double delay = options.Number("delay", 50);
        _seconds = options.Number("seconds", 10);
        foreach (double loss in Losses(options))
        {
            DelayLineOptions line = new() { Delay = TimeSpan.FromMilliseconds(delay), Loss = loss / 100 };
            Console.WriteLine($"\n{delay * 2} ms round trip, no rate, {loss} % loss each way; {_seconds} s from the link, medians of {runs}");
            Console.WriteLine($"{"",-14}{"MB/s, all",12}{"after 2 s",12}{"least",9}{"most",9}{"to 90 % s",11}{"ping ms",10}{"95 %",9}{"CPU s/500 MB: out",20}{"in",8}");
            foreach (string kind in kinds) await TellAsync(line, kind, runs, bottleneck: null);
        }
    }

    /// <summary>A path with a bottleneck.</summary>
    private static async Task BottleneckAsync(Options options, int runs, string[] kinds)
    {
        double delay = options.Number("delay", 20);
        _seconds = options.Number("seconds", 10);
        foreach (double loss in Losses(options))
        {
            DelayLineOptions line = Bottleneck(options, delay, loss);
            Console.WriteLine(
                $"\n{delay * 2} ms round trip, {line.BitsPerSecond / 1e6} Mbit/s, queue {line.QueueBytes / 1024} KB, {loss} % loss each way; {_seconds} s, medians of {runs}");
            Console.WriteLine($"{"",-14}{"MB/s, all",12}{"after 2 s",12}{"least",9}{"most",9}{"to 90 % s",11}{"ping ms",10}{"95 %",9}{"share of the line",20}");
            foreach (string kind in kinds) await TellAsync(line, kind, runs, line.BitsPerSecond / 8.0);
        }
    }

    private static async Task TellAsync(DelayLineOptions line, string kind, int runs, double? bottleneck)
    {
        List<double> all = [], steady = [], reach = [], ping = [], late = [], sender = [], receiver = [];
        for (int run = 0; run < runs; run++)
        {
            using DelayedPair pair = new(line with { Seed = (run * 2) + 1 });
            using PathPing trips = new(pair);
            PathFlow flow = PathFlow.Begin(pair, kind, Port, _seconds, _isVerbose);
            await flow.FinishAsync();
            double end = flow.Start + _seconds;
            all.Add(flow.Rate(flow.Start, end) / 1e6);
            steady.Add(flow.Rate(flow.Start + 2, end) / 1e6);
            reach.Add(flow.TimeToReach(steady[^1] * 0.9e6));
            Figures waited = trips.Trips(flow.Start + 2, end);
            ping.Add(waited.Median);
            late.Add(waited.Part(0.95));
            sender.Add(flow.Processor.Sender * 500e6 / flow.Bytes);
            receiver.Add(flow.Processor.Receiver * 500e6 / flow.Bytes);
            if (_isVerbose) Console.WriteLine($"  run {run}: {all[^1]:0.0} {steady[^1]:0.0} MB/s, overflowed {pair.Line!.Overflowed}\n    {string.Join("\n    ", flow.Reports)}");
        }

        Figures rates = new(steady);
        string tail = bottleneck is { } rate
            ? $"{rates.Median * 1e6 / rate,19:0.0 %}"
            : $"{new Figures(sender).Median,20:0.00}{new Figures(receiver).Median,8:0.00}";
        Console.WriteLine(
            $"{kind,-14}{new Figures(all).Median,12:0.0}{rates.Median,12:0.0}{rates.Smallest,9:0.0}{rates.Largest,9:0.0}"
            + $"{new Figures(reach).Median,11:0.0}{new Figures(ping).Median,10:0.0}{new Figures(late).Median,9:0.0}{tail}");
    }

    /// <summary>Two flows through one bottleneck, the second a second later.</summary>
    private static async Task SharedAsync(Options options, int runs)
    {
        double delay = options.Number("delay", 20);
        _seconds = options.Number("shared-seconds", 20);
        DelayLineOptions line = Bottleneck(options, delay, loss: 0);
        Console.WriteLine(
            $"\ntwo flows, {delay * 2} ms round trip, {line.BitsPerSecond / 1e6} Mbit/s, queue {line.QueueBytes / 1024} KB; {_seconds} s, second 5 on counts, medians of {runs}");
        Console.WriteLine($"{"first",-14}{"second",-14}{"MB/s",9}{"MB/s",9}{"share of the second",22}{"least",9}{"most",9}{"Jain",9}{"ping ms",10}{"95 %",9}");
        string pairs = options.Text(
            "pairs", "tubus-bbr+tubus-bbr,tubus-bbr+tcp-cubic,tcp-cubic+tubus-bbr,tubus-bbr+tcp-bbr,tcp-bbr+tubus-bbr,tubus-cubic+tubus-cubic,tubus-cubic+tcp-cubic,tcp-cubic+tcp-cubic");
        foreach (string[] kinds in pairs.Split(',').Select(pair => pair.Split('+'))) await TellSharesAsync(line, kinds, runs);
    }

    private static async Task TellSharesAsync(DelayLineOptions line, string[] kinds, int runs)
    {
        List<double> first = [], second = [], share = [], jain = [], ping = [], late = [];
        for (int run = 0; run < runs; run++)
        {
            using DelayedPair pair = new(line with { Seed = (run * 2) + 1 });
            using PathPing trips = new(pair);
            PathFlow one = PathFlow.Begin(pair, kinds[0], Port, _seconds + 1, _isVerbose);
            await Task.Delay(TimeSpan.FromSeconds(1));
            PathFlow two = PathFlow.Begin(pair, kinds[1], Port + 1, _seconds, _isVerbose);
            await one.FinishAsync();
            await two.FinishAsync();
            double from = one.Start + 5;
            double until = Math.Min(one.Start + _seconds + 1, two.Start + _seconds) - 0.5;
            (double a, double b) = (one.Rate(from, until), two.Rate(from, until));
            first.Add(a / 1e6);
            second.Add(b / 1e6);
            share.Add(b / (a + b));
            jain.Add((a + b) * (a + b) / (2 * ((a * a) + (b * b))));
            Figures waited = trips.Trips(from, until);
            ping.Add(waited.Median);
            late.Add(waited.Part(0.95));
            if (_isVerbose) Console.WriteLine($"  run {run}: {a / 1e6:0.0} {b / 1e6:0.0}\n    {string.Join("\n    ", [.. one.Reports, "second", .. two.Reports])}");
        }

        Figures shares = new(share);
        Console.WriteLine(
            $"{kinds[0],-14}{kinds[1],-14}{new Figures(first).Median,9:0.0}{new Figures(second).Median,9:0.0}{shares.Median,22:0.00}"
            + $"{shares.Smallest,9:0.00}{shares.Largest,9:0.00}{new Figures(jain).Median,9:0.000}{new Figures(ping).Median,10:0.0}{new Figures(late).Median,9:0.0}");
    }

    private static DelayLineOptions Bottleneck(Options options, double delay, double loss) => new()
    {
        Delay = TimeSpan.FromMilliseconds(delay),
        Loss = loss / 100,
        BitsPerSecond = (long)(options.Number("rate", BottleneckBits / 1e6) * 1e6),
        QueueBytes = (int)(options.Number("queue", 256) * 1024),
    };

    private static double[] Losses(Options options) => options.Has("loss") ? [options.Number("loss", 0)] : [0, 1];
}
