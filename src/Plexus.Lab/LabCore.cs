using System.Net;
using Plexus.Protocols;

namespace Plexus.Lab;

/// <summary>A core on a port of a host, driven by the laboratory itself.</summary>
internal sealed class LabCore : LabPort, IDisposable
{
    private const int LargestDatagram = 65_536;

    private readonly Internet _internet;
    private readonly LabHost _host;
    private readonly IDatagramProtocol _protocol;
    private readonly ITimer _timer;
    private readonly byte[] _outgoing = new byte[LargestDatagram];
    private bool _disposed;

    internal LabCore(Internet internet, LabHost host, IPEndPoint local, IDatagramProtocol protocol)
        : base(local)
    {
        _internet = internet;
        _host = host;
        _protocol = protocol;
        _timer = internet.Clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal override bool CanTake => true;

    internal override bool IsWaiting => true;

    /// <summary>Sends what is due, after a command to the core.</summary>
    public void Wake()
    {
        lock (_internet.Gate)
        {
            if (_disposed) return;
            lock (_protocol)
            {
                if (_protocol is IBatchProtocol batches) Send(batches);
                else Send(_protocol);
                Arm(_protocol.Deadline);
            }
        }
    }

    /// <summary>Frees the port.</summary>
    public void Dispose()
    {
        lock (_internet.Gate)
        {
            if (_disposed) return;
            _disposed = true;
            _host.Close(this);
            _timer.Dispose();
        }
    }

    internal override void Take(LabPacket packet)
    {
        lock (_protocol) _protocol.OnDatagram(packet.Payload, packet.From, _internet.Instant);
        Wake();
    }

    private void Send(IDatagramProtocol protocol)
    {
        while (protocol.TryTransmit(_outgoing, _internet.Instant, out Transmit transmit))
            _host.Send(this, _outgoing.AsMemory(0, transmit.Length), transmit.To, transmit.Hops);
    }

    private void Send(IBatchProtocol protocol)
    {
        while (protocol.TryTransmit(_outgoing, _internet.Instant, out TransmitBatch batch))
        {
            for (int at = 0; at < batch.Length; at += batch.DatagramLength)
            {
                int length = Math.Min(batch.DatagramLength, batch.Length - at);
                _host.Send(this, _outgoing.AsMemory(at, length), batch.To, batch.Hops, batch.MayFragment);
            }
        }
    }

    private void OnTimer()
    {
        lock (_internet.Gate)
        {
            if (_disposed) return;
            lock (_protocol)
            {
                if (_protocol.Deadline <= _internet.Instant) _protocol.OnDeadline(_internet.Instant);
            }

            Wake();
        }
    }

    private void Arm(Instant? deadline)
    {
        TimeSpan wait = Timeout.InfiniteTimeSpan;
        if (deadline is { } due)
        {
            wait = due - _internet.Instant;
            if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
            // A real timer's tick is a millisecond: rounding up spares a wake-up that comes too early.
            if (!_internet.IsVirtual) wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        }

        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
