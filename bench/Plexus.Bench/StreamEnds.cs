using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Identities;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Bench;

/// <summary>Makes the stream that is measured, on either end.</summary>
/// <remarks>The kind names its layers from below, joined by <c>+</c>: <c>tcp</c> or <c>tubus</c>, <c>secret</c>, <c>tls</c>.</remarks>
internal sealed class StreamEnds(Options options)
{
    /// <summary>Who connects, and who accepts.</summary>
    public static readonly IdentityName Connector = IdentityName.Parse("bench/connector"), Acceptor = IdentityName.Parse("bench/acceptor");

    private readonly string[] _layers = options.Text("kind", "tcp").Split('+');

    /// <summary>Listens; what is given as <paramref name="announce"/> gets the port.</summary>
    public async Task<Stream> AcceptAsync(Action<int> announce)
    {
        if (IsTubus)
        {
            UdpDatagramSocket socket = new(new IPEndPoint(IPAddress.Loopback, 0), options.Has("plain"));
            announce(socket.LocalEndPoint.Port);
            TubusSocket tubus = Open(socket);
            return await OverAsync(await tubus.AcceptAsync(null, Secret, CancellationToken.None), isClient: false);
        }

        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        announce(((IPEndPoint)listener.LocalEndpoint).Port);
        return await OverAsync(Open(await listener.AcceptTcpClientAsync()), isClient: false);
    }

    public async Task<Stream> ConnectAsync(int port)
    {
        if (IsTubus)
        {
            TubusSocket tubus = Open(new UdpDatagramSocket(new IPEndPoint(IPAddress.Loopback, 0), options.Has("plain")));
            IPEndPoint peer = new(IPAddress.Loopback, port);
            return await OverAsync(await tubus.ConnectAsync(peer, Secret, CancellationToken.None), isClient: true);
        }

        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return await OverAsync(Open(client), isClient: true);
    }

    /// <summary>The tubus stream beneath all, for its report.</summary>
    public TubusStream? Tubus { get; private set; }

    /// <summary>Whether it is encrypted, as between two of ours.</summary>
    public bool IsSecure => _layers.Contains("tls");

    private bool IsTubus => _layers[0] == "tubus";

    private ulong Secret => _layers.Contains("secret") ? 0x1122334455667788UL : 0;

    private TubusOptions Limits => new()
    {
        Extends = IsSecure, // A peer that encrypts is ours.
        LargestDatagram = (int)options.Number("datagram", TubusPacket.LongestDatagram),
        Congestion = options.Text("control", "") switch
        {
            "bbr" => CongestionAlgorithm.Bbr,
            "cubic" => CongestionAlgorithm.Cubic,
            _ => new TubusOptions().Congestion,
        },
    };

    private static NetworkStream Open(TcpClient client)
    {
        client.NoDelay = true;
        return client.GetStream();
    }

    private TubusSocket Open(UdpDatagramSocket socket) =>
        new(socket, Limits, TimeProvider.System, NullLogger.Instance, companion: null, !options.Has("pool"));

    /// <summary>Our own stream over it, with the identities that the one who measures has made.</summary>
    private async Task<Stream> OverAsync(Stream stream, bool isClient)
    {
        Tubus = stream as TubusStream;
        if (!IsSecure) return stream;
        IdentityRepository repository = new(options.Text("identities", ""));
        (IdentityName host, IdentityName peer) = isClient ? (Connector, Acceptor) : (Acceptor, Connector);
        return await SecureStream.OpenAsync(
            stream, isClient, repository.LoadHost(host), repository.LoadPeer(peer), CancellationToken.None);
    }
}
