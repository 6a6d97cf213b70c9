using System.Net;
using Plexus.Sockets;

namespace Plexus.Lab;

/// <summary>A socket of a laboratory's host.</summary>
internal sealed class LabSocket(Internet internet, LabHost host, IPEndPoint local) : LabPort(local), IDatagramSocket
{
    private const int MostBuffered = 1024; // datagrams; a kernel holds some hundred

    private const int MostJoined = 64; // datagrams; as Linux's UDP_GRO

    private readonly Queue<(byte[] Payload, IPEndPoint From)> _buffered = new();
    private TaskCompletionSource<Received>? _receive;
    private TaskCompletionSource? _wait;
    private Memory<byte> _buffer;
    private bool _disposed;

    internal override bool CanTake => _buffered.Count < MostBuffered;

    internal override bool IsWaiting => _receive is not null || _wait is not null;

    // In virtual time the continuation stays on the laboratory's thread; in real time it must not hold up the timer's.
    private TaskCreationOptions Continuations =>
        internet.IsVirtual ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(host.Send(this, datagram, to, hops));
    }

    public ValueTask<Received> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (internet.Gate)
        {
            if (_disposed) return ValueTask.FromException<Received>(new ObjectDisposedException(nameof(LabSocket)));
            if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<Received>(cancellationToken);
            if (IsWaiting) throw new InvalidOperationException("One receive at a time.");
            if (_buffered.TryDequeue(out var first)) return new(Copy(first, buffer.Span));
            _buffer = buffer;
            TaskCompletionSource<Received> receive = _receive = new(Continuations);
            return cancellationToken.CanBeCanceled ? new(CancelAsync(receive, cancellationToken)) : new(receive.Task);
        }
    }

    public bool SendBatch(
        ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment, byte? hops = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagramLength, 1);
        if (_disposed) return false;
        bool isAllSent = true;
        for (; !datagrams.IsEmpty; datagrams = datagrams[Math.Min(datagramLength, datagrams.Length)..])
        {
            byte[] datagram = datagrams[..Math.Min(datagramLength, datagrams.Length)].ToArray();
            isAllSent &= host.Send(this, datagram, to, hops, mayFragment);
        }

        return isAllSent;
    }

    public bool TryReceiveBatch(Span<byte> buffer, out ReceivedBatch batch)
    {
        lock (internet.Gate)
        {
            batch = default;
            while (_buffered.TryPeek(out var empty) && empty.Payload.Length == 0) _buffered.Dequeue();
            if (!_buffered.TryDequeue(out var first)) return false;
            int length = Copy(first, buffer).Length;
            int datagramLength = length;
            for (int count = 1; count < MostJoined && length == count * datagramLength; count++)
            {
                if (!_buffered.TryPeek(out var next) || !next.From.Equals(first.From)
                    || next.Payload.Length > Math.Min(datagramLength, buffer.Length - length) || next.Payload.Length == 0)
                {
                    break;
                }

                length += Copy(_buffered.Dequeue(), buffer[length..]).Length;
            }

            batch = new ReceivedBatch(length, datagramLength, first.From);
            return true;
        }
    }

    public ValueTask WaitToReceiveAsync()
    {
        lock (internet.Gate)
        {
            if (_disposed) return ValueTask.FromException(new ObjectDisposedException(nameof(LabSocket)));
            if (IsWaiting) throw new InvalidOperationException("One receive at a time.");
            if (_buffered.Count > 0) return ValueTask.CompletedTask;
            _wait = new(Continuations);
            return new(_wait.Task);
        }
    }

    public void PutBack(ReadOnlySpan<byte> datagram, IPEndPoint from)
    {
        lock (internet.Gate)
        {
            _buffered.Enqueue((datagram.ToArray(), from));
            for (int i = _buffered.Count; i > 1; i--) _buffered.Enqueue(_buffered.Dequeue()); // Turns it to the front.
        }
    }

    public ValueTask DisposeAsync()
    {
        TaskCompletionSource<Received>? receiving;
        TaskCompletionSource? waiting;
        lock (internet.Gate)
        {
            if (_disposed) return ValueTask.CompletedTask;
            _disposed = true;
            host.Close(this);
            _buffered.Clear();
            (receiving, waiting) = (_receive, _wait);
            (_receive, _wait) = (null, null);
        }

        receiving?.SetException(new ObjectDisposedException(nameof(LabSocket)));
        waiting?.SetException(new ObjectDisposedException(nameof(LabSocket)));
        return ValueTask.CompletedTask;
    }

    internal override void Take(LabPacket packet)
    {
        if (_receive is not { } receive)
        {
            _buffered.Enqueue((packet.Payload, packet.From));
            TaskCompletionSource? wait = _wait;
            _wait = null;
            wait?.SetResult();
            return;
        }

        _receive = null;
        receive.SetResult(Copy((packet.Payload, packet.From), _buffer.Span));
    }

    private static Received Copy((byte[] Payload, IPEndPoint From) packet, Span<byte> buffer)
    {
        int length = Math.Min(packet.Payload.Length, buffer.Length);
        packet.Payload.AsSpan(0, length).CopyTo(buffer);
        return new Received(length, packet.From);
    }

    private async Task<Received> CancelAsync(TaskCompletionSource<Received> receive, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(_ => Cancel(receive, cancellationToken), null))
        {
            return await receive.Task;
        }
    }

    private void Cancel(TaskCompletionSource<Received> receive, CancellationToken cancellationToken)
    {
        lock (internet.Gate)
        {
            if (_receive != receive) return;
            _receive = null;
        }

        receive.SetCanceled(cancellationToken);
    }
}
