using System.Net;
using System.Text;
using Plexus.Protocols;

namespace Plexus.App.Demo;

/// <summary>A few lines said in turns over a passage: the demonstration's payload.</summary>
/// <remarks>
/// Both ends start with their first line, and go on to the next one when the peer has heard it and answered with its own.
/// The current line is repeated meanwhile. After that an end lingers, to tell a peer who missed its last answer.
/// </remarks>
internal sealed class Talk(IReadOnlyList<string> lines, IPEndPoint peer, Instant start) : IDatagramProtocol
{
    //  0            3 4            5                6
    // |  "talk"      | line number | lines heard    | the line, UTF-8 ...
    private const int HeaderLength = 6;
    private const int LongestLine = 500; // bytes; far below any MTU

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100); // so that one can see it happen
    private static readonly TimeSpan Repeat = TimeSpan.FromMilliseconds(100); // above a usual round trip
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1); // ten repeats of a peer who lacks our last word
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20); // the other command may start seconds later

    private readonly List<string> _heard = [];
    private readonly Instant _end = start + Patience;
    private Instant _next = start;
    private int _known; // our lines that the peer has heard
    private int _current; // the line that is being said
    private Instant? _goesOn; // when the next line is due
    private Instant? _leave;

    private static ReadOnlySpan<byte> Magic => "talk"u8;

    /// <summary>What the peer said, in order.</summary>
    public IReadOnlyList<string> Heard => _heard;

    /// <summary>All lines were said and heard, on both ends as far as this one knows.</summary>
    public bool IsComplete => _heard.Count == lines.Count && _known == lines.Count;

    /// <summary>Nothing more will be sent.</summary>
    public bool IsOver { get; private set; }

    public Instant? Deadline => IsOver ? null : Instant.Earliest(_leave ?? _end, Instant.Earliest(_goesOn, _next));

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (IsOver || !from.Equals(peer) || datagram.Length is < HeaderLength or > HeaderLength + LongestLine
            || !datagram.StartsWith(Magic) || datagram[5] > lines.Count)
        {
            return; // Not our peer, or not this talk.
        }

        if (datagram[4] == _heard.Count && _heard.Count < lines.Count)
        {
            _heard.Add(Encoding.UTF8.GetString(datagram[HeaderLength..]));
            _next = now;
        }
        else if (datagram[5] > _known || datagram[5] < _current)
        {
            _next = now; // It goes on, or lacks something: answer at once.
        }

        _known = Math.Max(_known, datagram[5]);
        if (_current < Math.Min(Math.Min(_heard.Count, _known), lines.Count - 1)) _goesOn ??= now + Pace;
        if (IsComplete) _leave ??= now + Linger;
    }

    public void OnDeadline(Instant now)
    {
        if (now >= (_leave ?? _end)) IsOver = true;
        if (now >= _goesOn)
        {
            _current++;
            _goesOn = null;
            _next = now;
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (IsOver || now < _next) return false;
        _next = now + Repeat;
        Magic.CopyTo(buffer);
        buffer[4] = (byte)_current;
        buffer[5] = (byte)_heard.Count;
        Encoding.UTF8.TryGetBytes(lines[_current], buffer.Slice(HeaderLength, LongestLine), out int length);
        transmit = new Transmit(HeaderLength + length, peer);
        return true;
    }
}
