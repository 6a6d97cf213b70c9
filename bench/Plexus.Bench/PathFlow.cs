using System.Diagnostics;
using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>A flow over a delayed line: a sending process on the left, a receiving one on the right.</summary>
internal sealed class PathFlow
{
    private readonly Process _receiver;
    private readonly Process _sender;
    private readonly Task<string> _received;
    private readonly Task<string> _sent;
    private readonly List<(double At, long Bytes)> _timeline = []; // seconds of the machine's clock

    private PathFlow(Process receiver, Process sender, string kind)
    {
        Kind = kind;
        (_receiver, _sender) = (receiver, sender);
        (_received, _sent) = (receiver.StandardOutput.ReadToEndAsync(), sender.StandardOutput.ReadToEndAsync());
    }

    /// <summary>What it is: tubus-bbr, tubus-cubic, tcp-bbr, tcp-cubic.</summary>
    public string Kind { get; }

    /// <summary>When the link was there, in seconds of the machine's clock.</summary>
    public double Start => _timeline[0].At;

    /// <summary>Processor seconds of sender and receiver.</summary>
    public (double Sender, double Receiver) Processor { get; private set; }

    /// <summary>What the sender told.</summary>
    public IReadOnlyList<string> Reports { get; private set; } = [];

    /// <summary>All that was received.</summary>
    public long Bytes => _timeline[^1].Bytes;

    /// <summary>Starts a flow that lasts for some seconds from its link.</summary>
    public static PathFlow Begin(DelayedPair pair, string kind, int port, double seconds, bool verbose)
    {
        string left = $"{DelayedPair.LeftAddress}:{port}";
        string right = $"{DelayedPair.RightAddress}:{port}";
        string time = string.Create(CultureInfo.InvariantCulture, $"{seconds}");
        string[] told = verbose ? ["--verbose"] : [];
        string[] common = ["--kind", kind, "--seconds", time];
        Process receiver = pair.Right.Start(Prepare(["--local", right, "--peer", left, .. common, .. told]));
        return new PathFlow(
            receiver, pair.Left.Start(Prepare(["--local", left, "--peer", right, .. common, "--send", .. told])), kind);
    }

    /// <summary>Waits for the end of both processes.</summary>
    public async Task FinishAsync()
    {
        string received = await _received;
        string sent = await _sent;
        await _receiver.WaitForExitAsync();
        await _sender.WaitForExitAsync();
        foreach (string line in received.Split('\n'))
        {
            string[] parts = line.Split(' ');
            if (parts is ["bytes", var at, var bytes])
                _timeline.Add((double.Parse(at, CultureInfo.InvariantCulture) / Stopwatch.Frequency, long.Parse(bytes, CultureInfo.InvariantCulture)));
        }

        if (_timeline.Count == 0) throw new InvalidOperationException($"The receiver of {Kind} got nothing.\n{sent}{received}");
        Processor = (Seconds(sent), Seconds(received));
        Reports = [.. (sent + received).Split('\n').Where(line => line.StartsWith("report", StringComparison.Ordinal))];
        _receiver.Dispose();
        _sender.Dispose();
    }

    /// <summary>Bytes a second between two moments of the machine's clock.</summary>
    public double Rate(double from, double until) => (BytesAt(until) - BytesAt(from)) / (until - from);

    /// <summary>Seconds from the link until the first half second that has this rate.</summary>
    public double TimeToReach(double bytesPerSecond)
    {
        for (double at = Start; at + 0.5 <= _timeline[^1].At; at += 0.1)
        {
            if (Rate(at, at + 0.5) >= bytesPerSecond) return at + 0.5 - Start;
        }

        return double.NaN;
    }

    private static ProcessStartInfo Prepare(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.ArgumentList.Add("path-peer");
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private static double Seconds(string output) => output.Split('\n')
        .Where(line => line.StartsWith("cpu ", StringComparison.Ordinal))
        .Select(line => double.Parse(line["cpu ".Length..], CultureInfo.InvariantCulture))
        .FirstOrDefault(double.NaN);

    /// <summary>What had come by a moment, between two tellings along a line.</summary>
    private double BytesAt(double at)
    {
        int next = _timeline.FindIndex(point => point.At >= at);
        if (next < 0) return _timeline[^1].Bytes;
        if (next == 0) return _timeline[0].Bytes;
        ((double At, long Bytes) before, (double At, long Bytes) after) = (_timeline[next - 1], _timeline[next]);
        return before.Bytes + ((after.Bytes - before.Bytes) * (at - before.At) / (after.At - before.At));
    }
}
