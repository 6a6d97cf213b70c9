using System.Buffers.Binary;

namespace Plexus.Lab.Namespaces;

/// <summary>What a TUN device with an offload header reads and writes: one IP packet, or several of one flow as one.</summary>
/// <remarks>
/// <code>
///   0  flags (1: the checksum below is still to be completed)   1  kind of segmentation   2  length of the headers
///   4  payload of a segment   6  where the checksum begins, from the IP header   8  where in there its field is
///  10  the IP header, and so on
/// </code>
/// virtio 1.2 section 5.1.6, struct virtio_net_hdr, in the byte order of the machine. An unfinished checksum field holds the sum
/// of the pseudo-header. All segments but the last have the same length.
/// </remarks>
internal readonly unsafe ref struct TunFrame
{
    /// <summary>The length of the offload header.</summary>
    public const int OffloadHeader = 10;

    /// <summary>The greatest length of a frame: an IP packet with the header before it.</summary>
    public const int Largest = OffloadHeader + ushort.MaxValue;

    /// <summary>The greatest length of what <see cref="Cut"/> writes: IPv4 or IPv6, and TCP with all its options.</summary>
    public const int LargestHeaders = OffloadHeader + 256;

    private const byte ChecksumNeeded = 1; // VIRTIO_NET_HDR_F_NEEDS_CSUM
    private const byte TcpOverIPv4 = 1; // VIRTIO_NET_HDR_GSO_*
    private const byte TcpOverIPv6 = 4;
    private const byte Udp = 5;
    private const int UdpHeader = 8;
    private const int LeastTcpHeader = 20;
    private const byte PushAndFinish = 0x09;
    private const byte WindowReduced = 0x80; // CWR

    private readonly byte* _frame;
    private readonly int _transport; // where UDP or TCP begins, from the IP header

    /// <summary>Reads the headers of a frame. What it does not know, it takes as one packet.</summary>
    public TunFrame(byte* frame, int length)
    {
        _frame = frame;
        Length = length;
        Segments = 1;
        Headers = 0;
        SegmentPayload = length - OffloadHeader;
        byte kind = frame[1];
        _transport = *(ushort*)(frame + 6);
        int payload = *(ushort*)(frame + 4);
        if (kind is not (TcpOverIPv4 or TcpOverIPv6 or Udp) || payload == 0 || (frame[0] & ChecksumNeeded) == 0) return;
        if (length < OffloadHeader + _transport + LeastTcpHeader && kind != Udp) return;
        int headers = _transport + (kind == Udp ? UdpHeader : (Packet[_transport + 12] >> 4) * 4);
        if (OffloadHeader + headers >= length || OffloadHeader + headers > LargestHeaders) return;
        Headers = headers;
        SegmentPayload = payload;
        Segments = (length - OffloadHeader - headers + payload - 1) / payload;
    }

    /// <summary>The frame's length, with the offload header.</summary>
    public int Length { get; }

    /// <summary>How many packets it is on the wire.</summary>
    public int Segments { get; }

    private byte* Packet => _frame + OffloadHeader;

    private int Headers { get; }

    private int SegmentPayload { get; }

    private bool IsUdp => _frame[1] == Udp;

    /// <summary>The length of a segment as an IP packet.</summary>
    public int SegmentLength(int index) =>
        index < Segments - 1 ? Headers + SegmentPayload : Length - OffloadHeader - (index * SegmentPayload);

    /// <summary>Writes the headers of a frame that has some of the segments only.</summary>
    /// <param name="first">The first of these segments.</param>
    /// <param name="count">How many.</param>
    /// <param name="headers">Where the headers go, <see cref="LargestHeaders"/> bytes.</param>
    /// <param name="payload">Where their payload lies in this frame.</param>
    /// <param name="payloadLength">How long it is.</param>
    /// <returns>The length of the headers.</returns>
    public int Cut(int first, int count, byte* headers, out byte* payload, out int payloadLength)
    {
        int at = first * SegmentPayload;
        payload = Packet + Headers + at;
        payloadLength = Math.Min(count * SegmentPayload, Length - OffloadHeader - Headers - at);
        new ReadOnlySpan<byte>(_frame, OffloadHeader + Headers).CopyTo(new Span<byte>(headers, LargestHeaders));
        if (count == 1)
        {
            headers[1] = 0;
            *(ushort*)(headers + 4) = 0;
        }

        Span<byte> packet = new(headers + OffloadHeader, Headers);
        CutNetwork(packet, first, payloadLength);
        Span<byte> transport = packet[_transport..];
        int field = *(ushort*)(headers + 8);
        // The pseudo-header's length is in the sum.
        int before = Length - OffloadHeader - _transport;
        int after = Headers - _transport + payloadLength;
        ushort sum = BinaryPrimitives.ReadUInt16BigEndian(transport[field..]);
        BinaryPrimitives.WriteUInt16BigEndian(transport[field..], Fold((uint)sum + (ushort)~before + (ushort)after));
        if (IsUdp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)after);
            return OffloadHeader + Headers;
        }

        BinaryPrimitives.WriteUInt32BigEndian(transport[4..], BinaryPrimitives.ReadUInt32BigEndian(transport[4..]) + (uint)at);
        if (first + count < Segments) transport[13] &= unchecked((byte)~PushAndFinish); // They belong to the last one,
        if (first > 0) transport[13] &= unchecked((byte)~WindowReduced); // and this to the first.
        return OffloadHeader + Headers;
    }

    private void CutNetwork(Span<byte> packet, int first, int payloadLength)
    {
        if (packet[0] >> 4 == 6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(Headers - 40 + payloadLength));
            return;
        }

        int headerLength = (packet[0] & 15) * 4;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(Headers + payloadLength));
        // Each segment has the next identification.
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) + first));
        packet[10] = packet[11] = 0;
        uint sum = 0;
        for (int i = 0; i < headerLength; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(packet[i..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~Fold(sum));
    }

    private static ushort Fold(uint sum)
    {
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)(sum + (sum >> 16));
    }
}
