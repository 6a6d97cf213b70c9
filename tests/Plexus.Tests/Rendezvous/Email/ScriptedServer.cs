using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plexus.Rendezvous.Email;
using Plexus.Sockets;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>A server on loopback that speaks lines over TLS, as a script says.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly string _greeting;
    private readonly Func<string, string?> _answer;
    private readonly List<string> _lines = [];
    private SslStream? _stream;

    public ScriptedServer(string greeting, Func<string, string?> answer)
    {
        (_greeting, _answer) = (greeting, answer);
        _listener.Start();
        _ = ServeAsync();
    }

    public MailServer Name => new(new EndpointName("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port));

    /// <summary>What it has heard so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public int Connections { get; private set; }

    /// <summary>Says something unasked.</summary>
    public void Say(string text) => _stream!.Write(Encoding.Latin1.GetBytes(text));

    public void Dispose()
    {
        _listener.Dispose();
        _stream?.Dispose();
        _certificate.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 made = new CertificateRequest("CN=scripted", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                Connections++;
                try
                {
                    await TalkAsync(client);
                }
                catch (IOException)
                {
                    // It has gone; the next one may come.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        await using SslStream stream = new(client.GetStream());
        await stream.AuthenticateAsServerAsync(_certificate);
        _stream = stream;
        Say(_greeting);
        using StreamReader reader = new(stream, Encoding.Latin1);
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines) _lines.Add(line);
            if (_answer(line) is not { } answer) return;
            if (answer.Length > 0) Say(answer);
        }
    }
}
