using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>Batches by Linux's segmentation offload: the kernel cuts what is sent (UDP_SEGMENT) and joins what comes (UDP_GRO).</summary>
/// <remarks>Nothing that the network does throws here, and only a full send buffer makes a call wait, for some milliseconds.</remarks>
internal sealed unsafe class LinuxDatagramBatches : IDatagramBatches
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int SendBufferForced = 32; // SO_SNDBUFFORCE
    private const int ReceiveBufferForced = 33; // SO_RCVBUFFORCE
    private const int Segment = 103; // UDP_SEGMENT
    private const int IPv4Level = 0; // IPPROTO_IP
    private const int IPv4MtuDiscover = 10; // IP_MTU_DISCOVER
    private const int IPv6Level = 41; // IPPROTO_IPV6
    private const int IPv6MtuDiscover = 23; // IPV6_MTU_DISCOVER
    private const int MayFragment = 0; // IP_PMTUDISC_DONT
    private const int MustNotFragment = 3; // IP_PMTUDISC_PROBE: "don't fragment" without the kernel's own idea of the path

    private const int ControlLength = 24; // one control message with a number
    private const int MostSegments = 64; // UDP_MAX_SEGMENTS before Linux 6.9
    private const int LargestMessage = 65_507; // bytes: IPv4's 65,535 less both headers
    private const int SafelyWhole = 1_232; // bytes: no link of IPv6 is narrower (1,280 less both headers)

    // For room in the send buffer. Receiving waits meanwhile, but nothing that came would make room.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly AddressFamily _family;
    private readonly ReceiveThread _thread;
    private readonly LinuxReceiver _receiver;
    private bool _mayFragment;

    public LinuxDatagramBatches(Socket socket, LinuxReceiver receiver)
    {
        _receiver = receiver;
        _socket = socket;
        _family = socket.AddressFamily;
        _thread = new ReceiveThread(socket.SafeHandle);
        using LinuxDescriptor held = new(socket.SafeHandle);
        // Beyond the system's limit, which is often 200 kB, where the process may.
        TrySet(held.Number, SocketLevel, SendBufferForced, UdpDatagramSocket.BatchBufferSize);
        TrySet(held.Number, SocketLevel, ReceiveBufferForced, UdpDatagramSocket.BatchBufferSize);
        TrySet(held.Number, LinuxCalls.UdpLevel, LinuxCalls.UdpJoin, 1);
        LetFragment(held.Number, false);
    }

    /// <summary>Whether the kernel cuts messages; false for good after it has refused to.</summary>
    internal bool CutsInKernel { get; private set; } = true;

    public bool Send(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment)
    {
        if (to.AddressFamily != _family) return false;
        using LinuxDescriptor held = new(_socket.SafeHandle);
        if (held.IsClosed) return false;
        if (mayFragment != _mayFragment) LetFragment(held.Number, mayFragment);
        Span<byte> address = stackalloc byte[LinuxAddress.Capacity];
        address.Clear();
        address = address[..LinuxAddress.Write(to, address)];
        bool isAllSent = true;
        while (!datagrams.IsEmpty)
        {
            // UDP does not cut what IP is to fragment.
            bool cuts = CutsInKernel && (!mayFragment || datagramLength <= SafelyWhole);
            int most = cuts ? Math.Clamp(LargestMessage / datagramLength, 1, MostSegments) * datagramLength : datagramLength;
            ReadOnlySpan<byte> message = datagrams[..Math.Min(most, datagrams.Length)];
            int error = Send(held.Number, message, datagramLength, address);
            if (error is LinuxCalls.InputOutput or LinuxCalls.Invalid && message.Length > datagramLength)
            {
                // It cannot cut for this device, or the datagrams are too large for it: one alone tells.
                message = message[..datagramLength];
                error = Send(held.Number, message, datagramLength, address);
                if (error == 0) CutsInKernel = false;
                else if (error == LinuxCalls.MessageTooLong) return false;
            }

            isAllSent &= error == 0;
            datagrams = datagrams[message.Length..];
        }

        return isAllSent;
    }

    public bool TryReceive(Span<byte> buffer, out ReceivedBatch batch) => _receiver.TryReceive(buffer, out batch);

    public ValueTask WaitAsync() => _thread.WaitAsync();

    public void Dispose() => _thread.Dispose();

    /// <summary>Sends one message, cut into datagrams if it is longer than one.</summary>
    /// <returns>Zero, or the error.</returns>
    private static int Send(int descriptor, ReadOnlySpan<byte> message, int datagramLength, ReadOnlySpan<byte> address)
    {
        byte* control = stackalloc byte[ControlLength];
        fixed (byte* start = message, to = address)
        {
            LinuxCalls.Piece piece = new() { Start = start, Length = (nuint)message.Length };
            LinuxCalls.MessageHeader header = new() { Name = to, NameLength = (nuint)address.Length, Pieces = &piece, PieceCount = 1 };
            if (message.Length > datagramLength)
            {
                *(nuint*)control = LinuxCalls.ControlHeaderLength + sizeof(ushort);
                *(int*)(control + 8) = LinuxCalls.UdpLevel;
                *(int*)(control + 12) = Segment;
                *(ulong*)(control + LinuxCalls.ControlHeaderLength) = (ushort)datagramLength;
                header.Control = control;
                header.ControlLength = ControlLength;
            }

            long begin = 0;
            while (true)
            {
                if (LinuxCalls.Send(descriptor, &header, LinuxCalls.DontWait) >= 0) return 0;
                int error = LinuxCalls.LastError;
                if (error is LinuxCalls.Interrupted or LinuxCalls.Refused) continue;
                if (error is not (LinuxCalls.Again or LinuxCalls.NoBuffers)) return error;
                if (begin == 0) begin = Stopwatch.GetTimestamp();
                else if (Stopwatch.GetElapsedTime(begin) > LongestWait) return error;
                LinuxCalls.PollDescriptor wanted = new() { Descriptor = descriptor, Wanted = LinuxCalls.PollOut };
                _ = LinuxCalls.Poll(&wanted, 1, 1);
            }
        }
    }

    private static bool TrySet(int descriptor, int level, int name, int value) =>
        LinuxCalls.SetOption(descriptor, level, name, &value, sizeof(int)) == 0;

    private void LetFragment(int descriptor, bool mayFragment)
    {
        bool isIPv6 = _family == AddressFamily.InterNetworkV6;
        TrySet(
            descriptor,
            isIPv6 ? IPv6Level : IPv4Level,
            isIPv6 ? IPv6MtuDiscover : IPv4MtuDiscover,
            mayFragment ? MayFragment : MustNotFragment);
        _mayFragment = mayFragment;
    }
}
