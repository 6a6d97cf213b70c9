using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus.Congestion;

/// <summary>A sender on a <see cref="Bottleneck"/>: it numbers packets, finds losses by three later echoes, and obeys its control.</summary>
internal sealed class SimulatedFlow(
    Bottleneck path, Func<Instant, Func<ulong>, ICongestionControl> make, Func<ulong> random, double? applicationRate)
{
    public const int DatagramLength = 1400;
    private const int Reordering = 3;

    private Packet[] _packets = new Packet[64]; // a ring of those from the oldest that may still be in flight
    private readonly DeliveryRate _rate = new();
    private readonly Pacer _pacer = new();
    private ICongestionControl _control = null!;
    private long _first; // the oldest packet that may still be in flight
    private long _next;
    private long _newestEchoed = -1;
    private long _inFlight;
    private Instant? _wakeAt;
    private int _timer;
    private int _backoff;
    private Instant? _batchAt;
    private TimeSpan? _batchTrip;
    private long _measuredFrom;
    private Instant _measuredAt;
    private double _applicationSent;
    private Instant _started;

    public ICongestionControl Control => _control;

    public RoundTrip RoundTrip { get; } = new();

    public long Delivered => _rate.TotalDelivered;

    public long Sent { get; private set; }

    public long MostInFlight { get; private set; }

    public double BytesPerSecond => (_rate.TotalDelivered - _measuredFrom) / (path.Now - _measuredAt).TotalSeconds;

    public void Start()
    {
        _started = path.Now;
        _control = make(path.Now, random);
        RoundTrip.OnSample(path.BaseRoundTrip, path.Now); // The link handshake.
        Transmit();
    }

    public void Measure()
    {
        (_measuredFrom, _measuredAt) = (_rate.TotalDelivered, path.Now);
        MostInFlight = 0;
    }

    private void Transmit()
    {
        Instant now = path.Now;
        _pacer.SetRate(_control.BytesPerSecond, RoundTrip.Least, DatagramLength, now);
        while (_inFlight + DatagramLength <= _control.Window)
        {
            if (applicationRate is { } limit && _applicationSent + DatagramLength > limit * (now - _started).TotalSeconds)
            {
                _rate.OnApplicationLimited(_inFlight);
                WakeAt(_started + TimeSpan.FromSeconds((_applicationSent + DatagramLength) / limit) + TimeSpan.FromTicks(10));
                return;
            }

            if (_pacer.Allowance(now) <= 0)
            {
                WakeAt(_pacer.NextSend(now)!.Value);
                return;
            }

            Send();
        }
    }

    private void WakeAt(Instant at)
    {
        if (_wakeAt is { } waiting && waiting <= at && waiting > path.Now) return;
        _wakeAt = at;
        path.At(at, () =>
        {
            if (_wakeAt == path.Now) _wakeAt = null;
            Transmit();
        });
    }

    private void Send()
    {
        Instant now = path.Now;
        _pacer.OnSent(DatagramLength, now);
        RateStamp stamp = _rate.OnSent(DatagramLength, _inFlight, now);
        _control.OnSent(DatagramLength, _inFlight, now);
        _inFlight += DatagramLength;
        MostInFlight = Math.Max(MostInFlight, _inFlight);
        Sent += DatagramLength;
        _applicationSent += DatagramLength;
        long number = _next++;
        if (_next - _first > _packets.Length) Grow();
        At(number) = new Packet { Sent = now, Stamp = stamp, InFlight = true };
        path.Send(DatagramLength, () => OnEcho(number));
        Arm();
    }

    private void Arm()
    {
        int timer = ++_timer;
        path.At(path.Now + RoundTrip.ProbeTimeout(_backoff), () =>
        {
            if (timer != _timer || _inFlight == 0) return;
            _backoff++;
            _control.OnProbeTimeout(path.Now);
            Send();
        });
    }

    private ref Packet At(long number) => ref _packets[(int)(number & (_packets.Length - 1))];

    private void Grow()
    {
        Packet[] old = _packets;
        _packets = new Packet[old.Length * 2];
        for (long n = _first; n < _next - 1; n++) At(n) = old[(int)(n & (old.Length - 1))];
    }

    private void OnEcho(long number)
    {
        if (number < _first || !At(number).InFlight) return; // It was given up before.
        ref Packet packet = ref At(number);
        Instant now = path.Now;
        packet.InFlight = false;
        _inFlight -= DatagramLength;
        _rate.OnAcknowledged(packet.Stamp, DatagramLength, packet.Sent, now);
        _newestEchoed = Math.Max(_newestEchoed, number);
        _batchTrip = now - packet.Sent;
        if (_batchAt == now) return;
        _batchAt = now;
        path.At(now, EndBatch); // After all echoes of this moment.
    }

    private void EndBatch()
    {
        Instant now = path.Now;
        _batchAt = null;
        _backoff = 0;
        if (_batchTrip is { } trip) RoundTrip.OnSample(trip, now);
        for (; _first <= _newestEchoed - Reordering; _first++)
        {
            ref Packet packet = ref At(_first);
            if (!packet.InFlight) continue;
            packet.InFlight = false;
            _inFlight -= DatagramLength;
            _rate.OnLost(packet.Stamp, DatagramLength, packet.Sent);
        }

        RateSample sample = _rate.Take(RoundTrip.Least);
        _control.OnFeedback(new Feedback(now, _inFlight, _batchTrip, RoundTrip.Least, RoundTrip.Smoothed, sample));
        _batchTrip = null;
        Arm();
        Transmit();
    }

    private struct Packet
    {
        public Instant Sent;
        public RateStamp Stamp;
        public bool InFlight;
    }
}
