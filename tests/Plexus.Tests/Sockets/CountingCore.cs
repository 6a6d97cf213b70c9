using System.Buffers.Binary;
using System.Net;
using Plexus.Protocols;

namespace Plexus.Tests.Sockets;

/// <summary>Sends numbered datagrams within a window, and says how many it has got: a stream in small, for the pump.</summary>
/// <remarks>A datagram is its number, or a negative count of those received; padding follows.</remarks>
internal sealed class CountingCore(IPEndPoint peer, int datagramLength, int window) : IBatchProtocol
{
    private int _toSend;
    private int _acknowledged;
    private bool _owesCount;

    public int Sent { get; private set; }

    public int Received { get; private set; }

    /// <summary>Datagrams that were not the next ones.</summary>
    public int Disordered { get; private set; }

    public int Deadlines { get; private set; }

    public int Batches { get; private set; }

    public Instant? Deadline { get; set; }

    public void Add(int count) => _toSend += count;

    public void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now)
    {
        for (int at = 0; at < datagrams.Length; at += datagramLength)
        {
            int number = BinaryPrimitives.ReadInt32BigEndian(datagrams[at..]);
            if (number < 0)
            {
                _acknowledged = Math.Max(_acknowledged, -number);
                continue;
            }

            if (number != Received) Disordered++;
            Received++;
            _owesCount = true;
        }
    }

    public void OnDeadline(Instant now)
    {
        if (Deadline > now) return;
        Deadlines++;
        Deadline = null;
        Add(1);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch)
    {
        batch = default;
        if (_owesCount)
        {
            _owesCount = false;
            BinaryPrimitives.WriteInt32BigEndian(buffer, -Received);
            batch = new TransmitBatch(4, 4, peer);
            return true;
        }

        int length = 0;
        while (Sent < _toSend && Sent - _acknowledged < window && length + datagramLength <= 65_507)
        {
            BinaryPrimitives.WriteInt32BigEndian(buffer[length..], Sent++);
            length += datagramLength;
        }

        if (length == 0) return false;
        Batches++;
        batch = new TransmitBatch(length, datagramLength, peer);
        return true;
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now) => throw new NotSupportedException();

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) => throw new NotSupportedException();
}
