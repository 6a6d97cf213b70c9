using System.Net;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>Somebody who uses one channel of an endpoint: writes a known pattern, reads and compares the other's.</summary>
internal sealed class TubusUser(TubusEndpoint endpoint) : IBatchProtocol
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    public TubusEndpoint Endpoint { get; } = endpoint;

    public TubusChannel? Channel { get; set; }

    /// <summary>The endpoint that a listener's channel is with.</summary>
    public IPEndPoint? Peer { get; private set; }

    /// <summary>How much is written in all.</summary>
    public long ToWrite { get; set; }

    public long Written { get; private set; }

    public long Read { get; private set; }

    /// <summary>The first octet that came was another than it should be; -1 while all were right.</summary>
    public long WrongAt { get; private set; } = -1;

    public bool IsReading { get; set; } = true;

    /// <summary>The most that one read takes.</summary>
    public int ReadSize { get; set; } = 64 * 1024;

    /// <summary>Whether it closes when everything was written.</summary>
    public bool ClosesWhenWritten { get; set; }

    /// <summary>Whether it closes when so much was read.</summary>
    public long? ClosesWhenRead { get; set; }

    public bool SawEnd { get; private set; }

    public Action<Instant>? AfterStep { get; set; }

    public Instant? Deadline => Endpoint.Deadline;

    public static byte Pattern(long offset) => (byte)((offset * 31) + (offset >> 8) + (offset >> 16) + 7);

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        Endpoint.OnDatagram(datagram, from, now);
        Step(now);
    }

    public void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now)
    {
        Endpoint.OnDatagrams(datagrams, datagramLength, from, now);
        Step(now);
    }

    public void OnDeadline(Instant now)
    {
        Endpoint.OnDeadline(now);
        Step(now);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        Step(now);
        return Endpoint.TryTransmit(buffer, now, out transmit);
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch)
    {
        Step(now);
        return Endpoint.TryTransmit(buffer, now, out batch);
    }

    public void Step(Instant now)
    {
        if (Channel is null && Endpoint.TryTakeAccepted(out TubusChannel? accepted, out IPEndPoint? peer)) (Channel, Peer) = (accepted, peer);
        while (Endpoint.TryTakeAttention(out _))
        {
        }

        if (Channel is not { } channel) return;
        while (IsReading && channel.Read(_buffer.AsSpan(0, ReadSize), now) is var length && length > 0) Compare(_buffer.AsSpan(0, length));
        SawEnd |= channel.IsEndOfStream;
        if (channel.State is TubusState.Connecting or TubusState.Accepting) return;
        while (Written < ToWrite && channel.Writable > 0)
        {
            int length = (int)Math.Min(Math.Min(_buffer.Length, ToWrite - Written), channel.Writable);
            for (int i = 0; i < length; i++) _buffer[i] = Pattern(Written + i);
            Written += channel.Write(_buffer.AsSpan(0, length), now);
        }

        if ((ClosesWhenWritten && Written == ToWrite) || Read >= ClosesWhenRead) channel.Close(now);
        AfterStep?.Invoke(now);
    }

    private void Compare(ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < data.Length && WrongAt < 0; i++)
        {
            if (data[i] != Pattern(Read + i)) WrongAt = Read + i;
        }

        Read += data.Length;
    }
}
