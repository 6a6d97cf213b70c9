using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Introductions;

/// <summary>The line of text that mail and DHT carry between both sides: docs/protocols/introduction-text.md.</summary>
/// <param name="Version">The form it came in.</param>
/// <param name="Time">When it was written, UTC; null when the text does not say.</param>
/// <param name="Udp">How the sender can be reached over UDP.</param>
/// <param name="Tcp">How it can be reached over TCP; null in a text of <see cref="IntroductionVersion.V30"/>.</param>
/// <param name="Transport">The transport that the sender wishes for.</param>
/// <param name="Role">The part that it wishes to play.</param>
/// <param name="Puzzle">Its half of the secret.</param>
internal sealed record IntroductionText(
    IntroductionVersion Version,
    DateTime? Time,
    IntroductionPath Udp,
    IntroductionPath? Tcp,
    WishedTransport Transport,
    WishedRole Role,
    Puzzle Puzzle)
{
    /// <summary>What an advent carries over the DHT; nobody reads it.</summary>
    public const string DhtAdvent = "PLEXUS 3.0 0.0.0.0 0 0";

    /// <summary>What an advent carries by mail: readers before 3.3 pass over a text with port 0.</summary>
    public const string EmailAdvent = "PLEXUS 3.0 0.0.0.0 1 0";

    /// <summary>The longest text that is looked at, in characters; the longest real one has about 340.</summary>
    public const int MaximumLength = 512;

    private const string Magic = "PLEXUS";
    private const int MostFields = 14; // One more than the longest form has, so that a surplus shows.
    private const int MicrosecondDigits = 6;
    private const int TicksPerMicrosecond = 10;

    private static readonly SearchValues<char> DigitsAndDots = SearchValues.Create("0123456789.");

    /// <summary>Reads any of the three forms; fields may be apart by any run of white space.</summary>
    /// <param name="text">The text, from anybody.</param>
    /// <param name="introduction">What it says.</param>
    public static bool TryRead(ReadOnlySpan<char> text, [NotNullWhen(true)] out IntroductionText? introduction)
    {
        introduction = null;
        if (text.Length > MaximumLength) return false;
        Span<Range> ranges = stackalloc Range[MostFields];
        int count = text.SplitAny(ranges, " \t\r\n\v\f", StringSplitOptions.RemoveEmptyEntries);
        if (count < 2 || !text[ranges[0]].SequenceEqual(Magic)) return false;
        Fields fields = new(text, ranges[..count]);
        introduction = fields[1] switch
        {
            "3.0" when count == 5 => Read30(fields),
            "3.3" when count == 9 => Read33(fields),
            "3.4" when count == 13 => Read34(fields),
            _ => null,
        };
        return introduction is not null;
    }

    /// <summary>Writes the form that every release reads.</summary>
    /// <param name="outer">The endpoint that the world sees.</param>
    /// <param name="puzzle">The sender's half of the secret: the text is as secret as this.</param>
    public static string Write(IPEndPoint outer, Puzzle puzzle)
    {
        ArgumentNullException.ThrowIfNull(outer);
        // A scope is of no use to the peer, and no reader would take it.
        IPAddress address = outer.Address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPAddress(outer.Address.GetAddressBytes())
            : outer.Address;
        return string.Create(CultureInfo.InvariantCulture, $"{Magic} 3.0 {address} {outer.Port} {puzzle.ToDecimalText()}");
    }

    private static IntroductionText? Read30(Fields fields) =>
        TryReadAddress(fields[2], out IPAddress? address) && TryReadPort(fields[3], out ushort port)
            && TryReadPuzzle(fields[4], out Puzzle puzzle)
            ? new(
                IntroductionVersion.V30,
                null,
                new(KnownOrNull(new(address, port)), NatBehavior.Assumed, null, WishedRoute.Direct),
                null,
                WishedTransport.Udp,
                WishedRole.Either,
                puzzle)
            : null;

    private static IntroductionText? Read33(Fields fields) =>
        TryReadTime(fields[2], out DateTime? time)
            && TryReadEndPoint(fields[3], out IPEndPoint? udp) && NatBehavior.TryParse(fields[4], out NatBehavior? udpNat)
            && TryReadEndPoint(fields[5], out IPEndPoint? tcp) && NatBehavior.TryParse(fields[6], out NatBehavior? tcpNat)
            && TryReadWish(fields[7], out WishedTransport transport, out WishedRole role)
            && TryReadPuzzle(fields[8], out Puzzle puzzle)
            ? new(
                IntroductionVersion.V33,
                time,
                new(udp, udpNat, null, WishedRoute.Direct),
                new(tcp, tcpNat, null, WishedRoute.Direct),
                transport,
                role,
                puzzle)
            : null;

    private static IntroductionText? Read34(Fields fields) =>
        TryReadTime(fields[2], out DateTime? time)
            && TryReadPath(fields, 3, out IntroductionPath? udp) && TryReadPath(fields, 7, out IntroductionPath? tcp)
            && TryReadWish(fields[11], out WishedTransport transport, out WishedRole role)
            && TryReadPuzzle(fields[12], out Puzzle puzzle)
            ? new(IntroductionVersion.V34, time, udp, tcp, transport, role, puzzle)
            : null;

    private static bool TryReadPath(Fields fields, int first, [NotNullWhen(true)] out IntroductionPath? path)
    {
        path = null;
        if (!TryReadEndPoint(fields[first], out IPEndPoint? outer)
            || !NatBehavior.TryParse(fields[first + 1], out NatBehavior? nat)
            || !TryReadEndPoint(fields[first + 2], out IPEndPoint? relay)
            || !TryReadRoute(fields[first + 3], out WishedRoute route)) return false;
        path = new(outer, nat, relay, route);
        return true;
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        bool isIPv6 = text.Contains(':');
        // The parser of .NET would also take "1", "0x7f.1" and "[::1]:80%7".
        bool isPlain = isIPv6
            ? !text.ContainsAny("[]%/")
            : text.Count('.') == 3 && !text.ContainsAnyExcept(DigitsAndDots);
        return isPlain && IPAddress.TryParse(text, out address);
    }

    /// <summary>Reads <c>a.b.c.d:port</c> or <c>[ipv6]:port</c>; <c>0.0.0.0:0</c> is read as null, "none".</summary>
    private static bool TryReadEndPoint(ReadOnlySpan<char> text, out IPEndPoint? endPoint)
    {
        endPoint = null;
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !TryReadPort(text[(colon + 1)..], out ushort port)) return false;
        ReadOnlySpan<char> host = text[..colon];
        bool isBracketed = host is ['[', .., ']'];
        if (isBracketed) host = host[1..^1];
        if (isBracketed != host.Contains(':') || !TryReadAddress(host, out IPAddress? address)) return false;
        endPoint = KnownOrNull(new(address, port));
        return true;
    }

    private static IPEndPoint? KnownOrNull(IPEndPoint endPoint) =>
        endPoint.Port == 0 || endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any)
            ? null
            : endPoint;

    private static bool TryReadPort(ReadOnlySpan<char> text, out ushort port) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    private static bool TryReadPuzzle(ReadOnlySpan<char> text, out Puzzle puzzle)
    {
        bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value);
        puzzle = new(value);
        return isNumber;
    }

    private static bool TryReadTime(ReadOnlySpan<char> text, out DateTime? time)
    {
        time = null;
        if (text is "not-a-date-time" or "-infinity" or "+infinity") return true; // What Boost writes for no time.
        int point = text.IndexOf('.');
        ReadOnlySpan<char> seconds = point < 0 ? text : text[..point];
        ReadOnlySpan<char> fraction = point < 0 ? "0" : text[(point + 1)..];
        if (!DateTime.TryParseExact(
            seconds,
            "yyyyMMdd'T'HHmmss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTime whole)) return false;
        if (fraction.Length > MicrosecondDigits
            || !int.TryParse(fraction, NumberStyles.None, CultureInfo.InvariantCulture, out int part)) return false;
        for (int i = fraction.Length; i < MicrosecondDigits; i++) part *= 10;
        time = whole.AddTicks((long)part * TicksPerMicrosecond);
        return true;
    }

    private static bool TryReadWish(ReadOnlySpan<char> text, out WishedTransport transport, out WishedRole role)
    {
        int colon = text.IndexOf(':');
        role = default;
        transport = default;
        return colon >= 0 && TryReadName(text[..colon], out transport) && TryReadName(text[(colon + 1)..], out role);
    }

    private static bool TryReadRoute(ReadOnlySpan<char> text, out WishedRoute route)
    {
        if (text is not ("0" or "1" or "2")) return TryReadName(text, out route);
        route = (WishedRoute)(text[0] - '0');
        return true;
    }

    private static bool TryReadName<T>(ReadOnlySpan<char> text, out T value)
        where T : struct, Enum
    {
        value = default;
        // Enum.TryParse alone would also take numbers, blanks and lists.
        return !text.ContainsAnyExceptInRange('a', 'z') && Enum.TryParse(text, ignoreCase: true, out value);
    }

    private readonly ref struct Fields(ReadOnlySpan<char> text, ReadOnlySpan<Range> ranges)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly ReadOnlySpan<Range> _ranges = ranges;

        public ReadOnlySpan<char> this[int index] => _text[_ranges[index]];
    }
}
