using System.Diagnostics.CodeAnalysis;
using System.Net;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;

namespace Plexus.Tunnels;

/// <summary>One service of a tunnel: what one side exports, or where the other side offers it to local clients.</summary>
/// <param name="Name">Its name in the tunnel; empty for the only one of its protocol.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="EndPoint">Exported: where it is. Imported: the local address and port for clients.</param>
public sealed record TunnelService(string Name, TunnelProtocol Protocol, EndpointName EndPoint)
{
    /// <summary>How services are written.</summary>
    public const string Form = "[name=][udp:]host:port, or a port alone for 127.0.0.1; a name has letters, digits, dots, dashes and underscores";

    private const int LongestName = 64; // Enough to be told apart, short enough for every log line.
    private const string TcpMark = "tcp:";
    private const string UdpMark = "udp:";

    /// <summary>Reads a service: <c>127.0.0.1:22</c>, <c>ssh=127.0.0.1:22</c>, <c>dns=udp:127.0.0.1:53</c>, <c>8080</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="service">The service.</param>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out TunnelService? service)
    {
        service = null;
        text = text.Trim();
        string name = "";
        if (text.IndexOf('=') is >= 0 and int equals)
        {
            name = text[..equals].ToString();
            if (!IsName(name)) return false;
            text = text[(equals + 1)..];
        }

        TunnelProtocol protocol = text.StartsWith(UdpMark, StringComparison.Ordinal) ? TunnelProtocol.Udp : TunnelProtocol.Tcp;
        if (protocol == TunnelProtocol.Udp || text.StartsWith(TcpMark, StringComparison.Ordinal)) text = text[UdpMark.Length..];
        if (!text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9')) text = $"{IPAddress.Loopback}:{text}";
        if (!EndpointName.TryParse(text, 0, out EndpointName? endPoint) || endPoint.Port == 0) return false;
        service = new(name, protocol, endPoint);
        return true;
    }

    /// <summary>The text that reads back as this service.</summary>
    public override string ToString() =>
        $"{(Name.Length == 0 ? "" : Name + "=")}{(Protocol == TunnelProtocol.Udp ? UdpMark : "")}{EndPoint}";

    /// <summary>How the log calls a service.</summary>
    internal static string Describe(TunnelProtocol protocol, string name) =>
        (name.Length == 0 ? "the service without a name" : $"'{name}'") + (protocol == TunnelProtocol.Udp ? " over UDP" : "");

    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
