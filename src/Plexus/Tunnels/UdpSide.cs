using System.Buffers;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>One UDP flow of this machine. Datagrams on their way to the peer wait in a short queue, and are dropped when it is full.</summary>
internal abstract class UdpSide : LocalSide
{
    // A burst of a dozen milliseconds at 100 Mbit/s. Who sends faster than the path for longer must notice losses, not delay.
    private const int MostWaiting = 128;
    private const int MostBytesWaiting = 192 << 10;

    private readonly Queue<(byte[] Rented, int Length)> _waiting = new();
    private readonly TimeSpan _idle;
    private int _bytesWaiting;
    private TimeSpan _lastUsed;

    protected UdpSide(Carrier carrier, MultiplexedConnection connection, TimeSpan idle)
        : base(carrier, connection)
    {
        (_idle, _lastUsed) = (idle, carrier.Housekeeping.Now);
        carrier.Attach(this);
        carrier.Housekeeping.Add(this);
    }

    protected Lock Gate { get; } = new();

    protected bool IsClosed { get; private set; }

    public sealed override int Read(Span<byte> buffer, out TurnResult result)
    {
        lock (Gate)
        {
            result = TurnResult.Drained;
            if (!_waiting.TryPeek(out (byte[] Rented, int Length) next)) return 0;
            result = TurnResult.More;
            if (next.Length > buffer.Length) return 0; // It gets a buffer of its own.
            _waiting.Dequeue();
            _bytesWaiting -= next.Length;
            next.Rented.AsSpan(0, next.Length).CopyTo(buffer);
            ArrayPool<byte>.Shared.Return(next.Rented);
            if (_waiting.Count == 0) result = TurnResult.Drained;
            return next.Length;
        }
    }

    public sealed override void Deliver(ReadOnlySpan<byte> data)
    {
        lock (Gate)
        {
            if (IsClosed) return;
            _lastUsed = Carrier.Housekeeping.Now;
            if (!TryPass(data)) Carrier.CountDropped();
        }
    }

    public sealed override void End() => Close();

    public override void Abort(TunnelReason reason, string text) => Close();

    /// <summary>Gives up a side that was never connected.</summary>
    public void GiveUp() => Close();

    public sealed override void CarrierEnded() => Close();

    public sealed override void Tick(TimeSpan now)
    {
        lock (Gate)
        {
            if (now - _lastUsed < _idle) return;
        }

        Close();
        Carrier.Reset(Connection, TunnelReason.Idle, "");
    }

    /// <summary>Takes a datagram of the local side.</summary>
    protected void Send(ReadOnlySpan<byte> datagram)
    {
        lock (Gate)
        {
            if (IsClosed) return;
            _lastUsed = Carrier.Housekeeping.Now;
            // A frame without data would be none: an empty datagram does not cross.
            if (_waiting.Count >= MostWaiting || _bytesWaiting + datagram.Length > MostBytesWaiting || datagram.IsEmpty)
            {
                Carrier.CountDropped();
                return;
            }

            byte[] rented = ArrayPool<byte>.Shared.Rent(datagram.Length);
            datagram.CopyTo(rented);
            _waiting.Enqueue((rented, datagram.Length));
            _bytesWaiting += datagram.Length;
        }

        Carrier.Ready(Connection);
    }

    /// <summary>Passes a datagram on to the local side, inside the lock; false if that would wait.</summary>
    protected abstract bool TryPass(ReadOnlySpan<byte> datagram);

    /// <summary>Gives up what the side has, inside the lock.</summary>
    protected abstract void OnClose();

    protected void Close()
    {
        lock (Gate)
        {
            if (IsClosed) return;
            IsClosed = true;
            while (_waiting.TryDequeue(out (byte[] Rented, int Length) datagram)) ArrayPool<byte>.Shared.Return(datagram.Rented);
            OnClose();
        }

        Carrier.Detach(this);
    }
}
