using System.Net;
using System.Text;
using Plexus.Lab.Nats;
using Plexus.Protocols;

namespace Plexus.Lab;

/// <summary>The internet in memory: hosts, NATs and lines between them, with one clock and one source of chance.</summary>
/// <remarks>
/// With a virtual clock everything happens on one thread, and the same seed gives the same trace. In real time
/// (<see cref="InRealTime"/>) it may be used from any thread.
/// </remarks>
internal sealed class Internet : IDisposable
{
    private readonly ITimeline _timeline;
    private readonly LabLoop? _loop;
    private readonly Random _random;
    private readonly LabSegment _core;
    private readonly List<LabHost> _hosts = [];
    private readonly List<TraceEntry> _trace = [];
    private readonly long[] _counts = new long[Enum.GetValues<DatagramFate>().Length];

    /// <summary>An internet in virtual time.</summary>
    /// <param name="seed">Where chance begins: loss, jitter, random ports.</param>
    public Internet(int seed = 1)
        : this(seed, new LabClock())
    {
    }

    private Internet(int seed, ITimeline timeline)
    {
        _timeline = timeline;
        _random = new Random(seed);
        _core = new LabSegment(this, gateway: null);
        if (timeline is LabClock clock) _loop = new LabLoop(clock, () => _hosts.SelectMany(h => h.Waiting()));
        KeepsTrace = timeline.IsVirtual; // A demonstration may run for days.
    }

    /// <summary>The clock to give to everything that runs here.</summary>
    public TimeProvider Clock => _timeline.Clock;

    /// <summary>The time since the laboratory began.</summary>
    public TimeSpan Now => _timeline.Now;

    /// <summary>Host names that every host can resolve.</summary>
    public Dictionary<string, IPAddress[]> Names { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every datagram that a host has sent, in the order of sending.</summary>
    public IReadOnlyList<TraceEntry> Trace => _trace;

    /// <summary>False spares the memory of <see cref="Trace"/>; <see cref="CountOf"/> counts all the same.</summary>
    public bool KeepsTrace { get; set; }

    /// <summary>Sees every datagram that a host sends, with its payload.</summary>
    public Action<TraceEntry, ReadOnlyMemory<byte>>? Observer { get; set; }

    /// <summary>The virtual clock's loop, with its limits and its count of code that escaped.</summary>
    public LabLoop Loop => _loop ?? throw new InvalidOperationException("Real time runs by itself.");

    internal Lock Gate { get; } = new();

    internal bool IsVirtual => _timeline.IsVirtual;

    internal Instant Instant => new(Now);

    /// <summary>An internet in real time, on the system's clock unless another is given.</summary>
    public static Internet InRealTime(int seed, TimeProvider? clock = null) =>
        new(seed, new RealTimeline(clock ?? TimeProvider.System));

    /// <summary>Adds a host with a public address.</summary>
    public LabHost AddHost(string name, string address, LabLink? link = null) =>
        AddHost(_core, name, IPAddress.Parse(address), link ?? LabLink.Wan);

    /// <summary>Adds a NAT with public addresses.</summary>
    public LabNat AddNat(string name, NatProfile profile, params string[] addresses) =>
        AddNat(_core, name, profile, addresses, LabLink.Wan);

    /// <summary>How many datagrams have ended so. Copies that a line made count, too.</summary>
    public long CountOf(DatagramFate fate)
    {
        lock (Gate) return _counts[(int)fate];
    }

    /// <summary>The whole trace, a line for each datagram.</summary>
    public string TraceText()
    {
        StringBuilder text = new();
        foreach (TraceEntry entry in _trace) text.Append(entry).Append('\n');
        return text.ToString();
    }

    /// <summary>Runs a scenario to its end in virtual time.</summary>
    /// <param name="scenario">What to do; it and all that it calls stay on this thread.</param>
    /// <param name="limit">The virtual time it may take.</param>
    /// <exception cref="LabException">Nothing was left to happen, or the limit was reached.</exception>
    public void Run(Func<Task> scenario, TimeSpan limit) => Loop.Run(scenario, limit);

    /// <inheritdoc cref="Run(Func{Task}, TimeSpan)"/>
    public T Run<T>(Func<Task<T>> scenario, TimeSpan limit)
    {
        Task<T>? task = null;
        Loop.Run(() => task = scenario(), limit);
        return task!.GetAwaiter().GetResult();
    }

    /// <summary>Lets virtual time pass until nothing is left to happen, or until the limit.</summary>
    public void Run(TimeSpan limit) => Loop.RunUntil(static () => false, limit);

    /// <summary>Lets virtual time pass until something holds.</summary>
    /// <returns>False when nothing was left to happen, or the limit was reached, and it does not hold.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit) => Loop.RunUntil(condition, limit);

    public void Dispose() => (_timeline as IDisposable)?.Dispose();

    internal LabHost AddHost(LabSegment segment, string name, IPAddress address, LabLink link)
    {
        lock (Gate)
        {
            LabHost host = new(this, name);
            host.Join(segment, address, link);
            _hosts.Add(host);
            return host;
        }
    }

    internal LabNat AddNat(LabSegment segment, string name, NatProfile profile, string[] addresses, LabLink link)
    {
        lock (Gate)
        {
            ArgumentOutOfRangeException.ThrowIfZero(addresses.Length);
            LabNat nat = new(this, name, profile);
            foreach (string address in addresses) nat.Join(segment, IPAddress.Parse(address), link);
            return nat;
        }
    }

    internal LabSegment CoreSegment => _core;

    internal void Schedule(TimeSpan after, Action action) => _timeline.Schedule(after, IsVirtual ? action : () =>
    {
        lock (Gate) action();
    });

    internal bool Chance(double probability) => probability > 0 && _random.NextDouble() < probability;

    internal double NextDouble() => _random.NextDouble();

    internal int Next(int from, int toExclusive) => _random.Next(from, toExclusive);

    internal TraceEntry Enter(LabHost host, IPEndPoint from, IPEndPoint to, ReadOnlyMemory<byte> payload, int hops)
    {
        TraceEntry entry = new(Now, host.Name, from, to, payload.Length, hops, TraceEntry.ChecksumOf(payload.Span));
        if (KeepsTrace) _trace.Add(entry);
        Observer?.Invoke(entry, payload);
        return entry;
    }

    internal void End(LabPacket packet, DatagramFate fate, string where)
    {
        _counts[(int)fate]++;
        packet.Trace.End(fate, where, Now, packet.From);
    }
}
