using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Laboratory;

/// <summary>What the kernel joins for segmentation offload goes through the line in one piece, but is delayed and lost packet by packet.</summary>
public sealed class DelayLineOffloadTests
{
    private const int UdpLevel = 17;
    private const int UdpSegment = 103;
    private const int DatagramLength = 1000;
    private const int Joined = 40;

    public DelayLineOffloadTests() => Kernel.LinesAreNeeded();

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 10_000_000)]
    [InlineData(true, 0)]
    public void Joined_datagrams_are_lost_one_by_one_and_the_others_arrive_whole(bool version6, long bitsPerSecond)
    {
        using DelayedPair pair = new(new DelayLineOptions { Loss = 0.25, Delay = TimeSpan.FromMilliseconds(1), BitsPerSecond = bitsPerSecond });
        (IPAddress left, IPAddress right) = Addresses(version6);
        using Socket receiver = pair.Right.Run(() => Open(right, ProtocolType.Udp));
        using Socket sender = pair.Left.Run(() => Open(left, ProtocolType.Udp));
        sender.SetRawSocketOption(UdpLevel, UdpSegment, BitConverter.GetBytes(DatagramLength));
        receiver.ReceiveBufferSize = 4 << 20;
        receiver.ReceiveTimeout = 500; // Nothing on this line takes so long.

        byte[] batch = new byte[(Joined * DatagramLength) - 300]; // The last of each batch is shorter.
        HashSet<uint> received = [];
        byte[] buffer = new byte[2 * DatagramLength];
        uint batches = 5;
        for (uint i = 0; i < batches; i++)
        {
            for (uint k = 0; k < Joined; k++) Fill(Datagram(batch, (int)k), (i * Joined) + k);
            sender.SendTo(batch, receiver.LocalEndPoint!);
        }

        try
        {
            while (true)
            {
                int length = receiver.Receive(buffer);
                uint number = BinaryPrimitives.ReadUInt32BigEndian(buffer);
                byte[] expected = Datagram(batch, (int)(number % Joined)).ToArray();
                Fill(expected, number);
                Assert.Equal(expected, buffer[..length]);
                Assert.True(received.Add(number), $"datagram {number} came twice");
            }
        }
        catch (SocketException)
        {
            // Silence: all have come that will.
        }

        // Other packets (of neighbour discovery) are lost or passed, too.
        Assert.InRange(received.Count, 120, 180); // 150 expected
        Assert.InRange(pair.Line!.Passed, received.Count, received.Count + 20);
        Assert.InRange(pair.Line.Lost, (batches * Joined) - received.Count, (batches * Joined) - received.Count + 20);
        Assert.Contains(Enumerable.Range(0, (int)(batches * Joined) - 2), i =>
            received.Contains((uint)i) && !received.Contains((uint)i + 1) && received.Contains((uint)i + 2)); // Not a batch as a whole.
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 0.02)]
    public async Task A_stream_of_TCP_arrives_as_it_was_sent(bool version6, double loss)
    {
        using DelayedPair pair = new(new DelayLineOptions { Loss = loss, Delay = TimeSpan.FromMilliseconds(1) });
        (IPAddress left, IPAddress right) = Addresses(version6);
        using Socket listener = pair.Right.Run(() => Open(right, ProtocolType.Tcp));
        using Socket sender = pair.Left.Run(() => Open(left, ProtocolType.Tcp));
        listener.Listen();
        await sender.ConnectAsync(listener.LocalEndPoint!);
        using Socket receiver = await listener.AcceptAsync();
        byte[] data = new byte[5_000_000];
        new Random(3).NextBytes(data);

        async Task Send()
        {
            await using NetworkStream stream = new(sender);
            await stream.WriteAsync(data);
            sender.Shutdown(SocketShutdown.Send);
        }

        Task sending = Send();
        await using NetworkStream incoming = new(receiver);
        byte[] hash = await SHA256.HashDataAsync(incoming);
        await sending;
        Assert.Equal(SHA256.HashData(data), hash);
        Assert.InRange(pair.Line!.Passed, data.Length / 1460, long.MaxValue); // Counted as packets, not as what offload has joined.
    }

    private static (IPAddress Left, IPAddress Right) Addresses(bool version6) => version6
        ? (DelayedPair.LeftAddress6, DelayedPair.RightAddress6)
        : (DelayedPair.LeftAddress, DelayedPair.RightAddress);

    private static Span<byte> Datagram(byte[] batch, int index) =>
        batch.AsSpan(index * DatagramLength, Math.Min(DatagramLength, batch.Length - (index * DatagramLength)));

    private static void Fill(Span<byte> datagram, uint number)
    {
        BinaryPrimitives.WriteUInt32BigEndian(datagram, number);
        for (int i = 4; i < datagram.Length; i++) datagram[i] = (byte)(number + i);
    }

    private static Socket Open(IPAddress address, ProtocolType protocol)
    {
        Socket socket = new(address.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
