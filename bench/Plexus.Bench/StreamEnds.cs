using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Bench;

/// <summary>Makes the stream that is measured, on either end.</summary>
/// <remarks>The kind names its layers from below, joined by <c>+</c>: <c>tcp</c> or <c>tubus</c>, <c>secret</c>, <c>tls</c>.</remarks>
internal sealed class StreamEnds(Options options)
{
    private const string Name = "CN=bench";

    private readonly string[] _layers = options.Text("kind", "tcp").Split('+');

    /// <summary>Listens; what is given as <paramref name="announce"/> gets the port.</summary>
    public async Task<Stream> AcceptAsync(Action<int> announce)
    {
        if (IsTubus)
        {
            UdpDatagramSocket socket = new(new IPEndPoint(IPAddress.Loopback, 0), options.Has("plain"));
            announce(socket.LocalEndPoint.Port);
            TubusSocket tubus = Open(socket);
            return await OverAsync(await tubus.AcceptAsync(null, Secret, CancellationToken.None), ServeTlsAsync);
        }

        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        announce(((IPEndPoint)listener.LocalEndpoint).Port);
        return await OverAsync(Open(await listener.AcceptTcpClientAsync()), ServeTlsAsync);
    }

    public async Task<Stream> ConnectAsync(int port)
    {
        if (IsTubus)
        {
            TubusSocket tubus = Open(new UdpDatagramSocket(new IPEndPoint(IPAddress.Loopback, 0), options.Has("plain")));
            IPEndPoint peer = new(IPAddress.Loopback, port);
            return await OverAsync(await tubus.ConnectAsync(peer, Secret, CancellationToken.None), AskTlsAsync);
        }

        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return await OverAsync(Open(client), AskTlsAsync);
    }

    /// <summary>The tubus stream beneath all, for its report.</summary>
    public TubusStream? Tubus { get; private set; }

    private bool IsTubus => _layers[0] == "tubus";

    private ulong Secret => _layers.Contains("secret") ? 0x1122334455667788UL : 0;

    private TubusOptions Limits => new()
    {
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

    private async Task<Stream> OverAsync(Stream stream, Func<Stream, Task<Stream>> secure)
    {
        Tubus = stream as TubusStream;
        return _layers.Contains("tls") ? await secure(stream) : stream;
    }

    private static async Task<Stream> ServeTlsAsync(Stream stream)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(Name, key, HashAlgorithmName.SHA256);
        X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        SslStream tls = new(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13,
        });
        return tls;
    }

    private static async Task<Stream> AskTlsAsync(Stream stream)
    {
        SslStream tls = new(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "bench",
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Subject == Name,
        });
        return tls;
    }
}
