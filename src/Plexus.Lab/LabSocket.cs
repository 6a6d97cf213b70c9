using System.Net;
using Plexus.Sockets;

namespace Plexus.Lab;

/// <summary>A socket of a laboratory's host.</summary>
internal sealed class LabSocket(Internet internet, LabHost host, IPEndPoint local) : LabPort(local), IDatagramSocket
{
    private const int MostBuffered = 1024; // datagrams; a kernel holds some hundred

    private readonly Queue<LabPacket> _buffered = new();
    private TaskCompletionSource<Received>? _receive;
    private Memory<byte> _buffer;
    private bool _disposed;

    internal override bool CanTake => _buffered.Count < MostBuffered;

    internal override bool IsWaiting => _receive is not null;

    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, byte? hops = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(host.Send(this, datagram, to, hops));
    }

    public ValueTask<Received> ReceiveAsync(Memory<byte> buffer)
    {
        lock (internet.Gate)
        {
            if (_disposed) return ValueTask.FromException<Received>(new ObjectDisposedException(nameof(LabSocket)));
            if (_receive is not null) throw new InvalidOperationException("One receive at a time.");
            if (_buffered.TryDequeue(out LabPacket? packet)) return new(Copy(packet, buffer));
            _buffer = buffer;
            // In virtual time the continuation stays on the laboratory's thread; in real time it must not hold up the timer's.
            _receive = new(internet.IsVirtual ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_receive.Task);
        }
    }

    public ValueTask DisposeAsync()
    {
        TaskCompletionSource<Received>? waiting;
        lock (internet.Gate)
        {
            if (_disposed) return ValueTask.CompletedTask;
            _disposed = true;
            host.Close(this);
            _buffered.Clear();
            waiting = _receive;
            _receive = null;
        }

        waiting?.SetException(new ObjectDisposedException(nameof(LabSocket)));
        return ValueTask.CompletedTask;
    }

    internal override void Take(LabPacket packet)
    {
        if (_receive is not { } receive)
        {
            _buffered.Enqueue(packet);
            return;
        }

        _receive = null;
        receive.SetResult(Copy(packet, _buffer));
    }

    private static Received Copy(LabPacket packet, Memory<byte> buffer)
    {
        int length = Math.Min(packet.Payload.Length, buffer.Length);
        packet.Payload.AsSpan(0, length).CopyTo(buffer.Span);
        return new Received(length, packet.From);
    }
}
