using System.Net;
using System.Net.Sockets;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>The ports of mail servers.</summary>
internal sealed record MailPorts(int Imaps, int Imap, int Smtps, int Submission, int Lmtp, int Auth)
{
    public static MailPorts Usual { get; } = new(993, 143, 465, 587, 24, 12345);

    /// <summary>Those that plexus uses.</summary>
    public IEnumerable<int> All => [Imaps, Imap, Smtps, Submission];

    /// <summary>Ports that nobody uses now.</summary>
    public static MailPorts Free()
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, 6).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return new(ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]);
    }
}
