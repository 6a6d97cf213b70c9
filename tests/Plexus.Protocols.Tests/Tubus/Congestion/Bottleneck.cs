using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

/// <summary>One path with a rate, a buffer, a delay and losses, and the flows that share it. Everything is determined by the seed.</summary>
internal sealed class Bottleneck(int seed = 1)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Random _random = new(seed);
    private readonly List<SimulatedFlow> _flows = [];
    private long _order;
    private TimeSpan _lineFree;
    private TimeSpan _queueFrom;
    private double _queueSeconds; // integral of the waiting time over packets
    private long _queued;

    /// <summary>Bytes a second; infinite without a limit.</summary>
    public double Rate { get; set; } = double.PositiveInfinity;

    /// <summary>Bytes that may wait.</summary>
    public long Buffer { get; init; } = long.MaxValue;

    /// <summary>The round trip without a queue.</summary>
    public TimeSpan BaseRoundTrip { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The part of the packets that is lost by chance.</summary>
    public double Loss { get; init; }

    /// <summary>The part of the echoes that is lost by chance.</summary>
    public double EchoLoss { get; init; }

    /// <summary>Echoes are handed over together in such intervals, as receive offload does.</summary>
    public TimeSpan EchoBatching { get; init; }

    /// <summary>Nothing passes from the first to the second.</summary>
    public (TimeSpan From, TimeSpan To) Outage { get; init; }

    public Instant Now { get; private set; }

    /// <summary>The longest wait in the queue since the measurement began.</summary>
    public TimeSpan LongestQueue { get; private set; }

    /// <summary>The mean wait in the queue since the measurement began, over packets.</summary>
    public TimeSpan MeanQueue => TimeSpan.FromSeconds(_queued == 0 ? 0 : _queueSeconds / _queued);

    public IReadOnlyList<SimulatedFlow> Flows => _flows;

    /// <summary>Adds a flow that begins at a time.</summary>
    public SimulatedFlow Add(Func<Instant, Func<ulong>, ICongestionControl> control, TimeSpan start = default, double? applicationRate = null)
    {
        SimulatedFlow flow = new(this, control, NextRandom, applicationRate);
        _flows.Add(flow);
        At(new Instant(start), flow.Start);
        return flow;
    }

    /// <summary>Runs until a time, counted from the start.</summary>
    public void Run(TimeSpan until)
    {
        while (_events.TryPeek(out Action? action, out (long At, long Order) key) && key.At <= until.Ticks)
        {
            _events.Dequeue();
            Now = new Instant(TimeSpan.FromTicks(key.At));
            action();
        }

        Now = new Instant(until);
    }

    /// <summary>Begins to measure: throughputs and queues count from now.</summary>
    public void Measure()
    {
        _queueFrom = Now.SinceStart;
        (_queueSeconds, _queued, LongestQueue) = (0, 0, TimeSpan.Zero);
        foreach (SimulatedFlow flow in _flows) flow.Measure();
    }

    /// <summary>Runs through a warm-up, and then measures for a time.</summary>
    public void Measure(TimeSpan from, TimeSpan until)
    {
        Run(from);
        Measure();
        Run(until);
    }

    /// <summary>Jain's index of the flows' throughputs: 1 is equal, 1/n is one for all.</summary>
    public double Fairness()
    {
        double sum = _flows.Sum(flow => flow.BytesPerSecond);
        double squares = _flows.Sum(flow => flow.BytesPerSecond * flow.BytesPerSecond);
        return sum * sum / (_flows.Count * squares);
    }

    public double Utilization() => _flows.Sum(flow => flow.BytesPerSecond) / Rate;

    public void At(Instant time, Action action) => _events.Enqueue(action, (time.SinceStart.Ticks, _order++));

    /// <summary>A packet enters. Its echo comes back after queue and delay, unless it is lost.</summary>
    public void Send(int bytes, Action echo)
    {
        TimeSpan now = Now.SinceStart;
        if (now >= Outage.From && now < Outage.To) return;
        if (Loss > 0 && _random.NextDouble() < Loss) return;
        TimeSpan start = _lineFree > now ? _lineFree : now;
        TimeSpan wait = start - now;
        if (!double.IsPositiveInfinity(Rate))
        {
            if (wait.TotalSeconds * Rate > Buffer) return;
            _queueSeconds += wait.TotalSeconds;
            _queued++;
            if (wait > LongestQueue) LongestQueue = wait;
            _lineFree = start + TimeSpan.FromSeconds(bytes / Rate);
            start = _lineFree;
        }

        if (EchoLoss > 0 && _random.NextDouble() < EchoLoss) return;
        TimeSpan arrives = start + BaseRoundTrip;
        if (EchoBatching > TimeSpan.Zero) arrives = TimeSpan.FromTicks((arrives.Ticks / EchoBatching.Ticks + 1) * EchoBatching.Ticks);
        At(new Instant(arrives), echo);
    }

    private ulong NextRandom() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);
}
