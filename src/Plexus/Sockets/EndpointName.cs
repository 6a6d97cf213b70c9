using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>A host and a port as a user writes them: <c>host</c>, <c>host:port</c>, <c>1.2.3.4:port</c>, <c>[2001:db8::1]:port</c>.</summary>
/// <remarks>
/// Also read: an IPv6 address without brackets (then without a port), and <c>scheme://host</c>, whose scheme gives the
/// port when none is written. Anything behind a slash is ignored, as in a URL.
/// </remarks>
/// <param name="Host">A host name, or an address without brackets.</param>
/// <param name="Port">The port, 0 to 65535; 0 means any, which only a local endpoint may be.</param>
public sealed record EndpointName(string Host, int Port)
{
    private const int LongestHost = 253; // RFC 1035 section 2.3.4: 255 octets with the lengths of the first label and of the root.
    private const string SchemeMark = "://";

    /// <summary>Several names in one text, parted by <c>,</c> or <c>;</c>.</summary>
    public static ReadOnlySpan<char> Separators => ",;";

    /// <summary>Reads one endpoint.</summary>
    /// <param name="text">The text; blanks around it are ignored.</param>
    /// <param name="defaultPort">The port when the text names none.</param>
    /// <param name="name">The endpoint.</param>
    public static bool TryParse(ReadOnlySpan<char> text, int defaultPort, [NotNullWhen(true)] out EndpointName? name)
    {
        name = null;
        text = text.Trim();
        int port = defaultPort;
        if (text.IndexOf(SchemeMark) is >= 0 and int mark)
        {
            if (!TryServicePort(text[..mark], out port)) return false;
            text = text[(mark + SchemeMark.Length)..];
        }

        if (text.IndexOf('/') is >= 0 and int slash) text = text[..slash];
        if (!TrySplit(text, out ReadOnlySpan<char> host, out ReadOnlySpan<char> portText)) return false;
        if (!portText.IsEmpty && !TryReadPort(portText, out port)) return false;
        name = new EndpointName(host.ToString(), port);
        return true;
    }

    /// <summary>Reads a list parted by <see cref="Separators"/>; empty elements are skipped.</summary>
    /// <param name="text">The text.</param>
    /// <param name="defaultPort">The port of the elements that name none.</param>
    /// <param name="names">The endpoints, in the order of the text.</param>
    /// <param name="wrong">The element that could not be read, for a message.</param>
    /// <returns>False when an element could not be read.</returns>
    public static bool TryParseList(
        ReadOnlySpan<char> text, int defaultPort, out IReadOnlyList<EndpointName> names, out string? wrong)
    {
        List<EndpointName> read = [];
        names = read;
        wrong = null;
        foreach (Range range in text.SplitAny(Separators))
        {
            ReadOnlySpan<char> element = text[range].Trim();
            if (element.IsEmpty) continue;
            if (!TryParse(element, defaultPort, out EndpointName? name))
            {
                wrong = element.ToString();
                return false;
            }

            read.Add(name);
        }

        return true;
    }

    /// <summary>Reads a local endpoint, which must be an address: <c>ip</c>, <c>ip:port</c>, <c>[ip6]:port</c>.</summary>
    public static bool TryParseLocal(ReadOnlySpan<char> text, int defaultPort, [NotNullWhen(true)] out IPEndPoint? local)
    {
        local = null;
        if (!TryParse(text, defaultPort, out EndpointName? name) || !IPAddress.TryParse(name.Host, out IPAddress? address))
            return false;
        local = new IPEndPoint(address, name.Port);
        return true;
    }

    /// <summary>The endpoints that the name stands for, in one address family and in the resolver's order; maybe none.</summary>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    internal async Task<IPEndPoint[]> ResolveAsync(
        IDatagramNetwork network, AddressFamily family, CancellationToken cancellationToken = default)
    {
        IPAddress[] addresses = await network.ResolveAsync(Host, cancellationToken);
        return [.. addresses.Where(a => a.AddressFamily == family).Select(a => new IPEndPoint(a, Port))];
    }

    /// <summary>The text that reads back as this name.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> host, out ReadOnlySpan<char> port)
    {
        port = default;
        host = text;
        if (text.StartsWith("["))
        {
            int end = text.IndexOf(']');
            if (end < 0) return false;
            host = text[1..end];
            ReadOnlySpan<char> rest = text[(end + 1)..];
            if (!rest.IsEmpty && (rest[0] != ':' || rest.Length == 1)) return false;
            if (!rest.IsEmpty) port = rest[1..];
            return IsAddress(host, AddressFamily.InterNetworkV6);
        }

        int colon = text.IndexOf(':');
        if (colon >= 0 && text[(colon + 1)..].Contains(':')) return IsAddress(text, AddressFamily.InterNetworkV6);
        if (colon >= 0)
        {
            host = text[..colon];
            port = text[(colon + 1)..];
            if (port.IsEmpty) return false;
        }

        return IsHostName(host);
    }

    private static bool IsHostName(ReadOnlySpan<char> host)
    {
        if (host.IsEmpty || host.Length > LongestHost) return false;
        foreach (char c in host)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('.' or '-' or '_')) return false;
        }

        // No host name ends in a number, so what does is an address, and must be a whole one.
        ReadOnlySpan<char> last = host.TrimEnd('.');
        last = last[(last.LastIndexOf('.') + 1)..];
        return last.ContainsAnyExceptInRange('0', '9')
            || (host.Count('.') == 3 && IsAddress(host, AddressFamily.InterNetwork));
    }

    private static bool IsAddress(ReadOnlySpan<char> text, AddressFamily family) =>
        IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == family;

    private static bool TryReadPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;

    // The schemes that a server of plexus can have; the original asks the system's list of services.
    private static bool TryServicePort(ReadOnlySpan<char> scheme, out int port)
    {
        port = scheme switch
        {
            "stun" or "turn" => 3478,
            "stuns" => 5349,
            "smtps" or "submissions" => 465,
            "smtp" => 25,
            "submission" => 587,
            "imaps" => 993,
            "imap" => 143,
            "https" => 443,
            "http" => 80,
            _ => -1,
        };
        return port >= 0;
    }
}
