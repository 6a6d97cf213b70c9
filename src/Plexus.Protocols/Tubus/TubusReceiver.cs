using System.Buffers.Binary;

namespace Plexus.Protocols.Tubus;

/// <summary>The peer's half of a channel's data: what arrived, what is owed for it, and how much more may come.</summary>
/// <remarks>
/// An original gets an echo for each move, once. One of ours gets instead, after each batch, what has arrived as a whole and some of what
/// lies behind gaps, and single echoes only for what that does not cover: the loss of such a datagram is made good by the next one.
/// </remarks>
internal sealed class TubusReceiver(TubusOptions options, PagePool pool)
{
    private const int MostEchoes = 8192; // Many times what one call of a driver brings.

    // Half of them the newest, the others in turn. A path of 60 MB/s and 100 ms that loses a percent has forty at a time; what is told in
    // one datagram only would be sent again when that is lost.
    private const int MostStretches = 48;

    // The original repeats each 100 ms.
    private static readonly TimeSpan FirstEdgePause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestEdgePause = TimeSpan.FromSeconds(1);

    private readonly EchoQueue _echoes = new(MostEchoes);
    private bool _owesArrived;
    private bool _owesEdge = true;
    private bool _owesEdgeEcho;
    private bool _isEdgeKnown; // The peer has confirmed the announced edge.
    private Instant? _edgeDue;
    private TimeSpan _edgePause = FirstEdgePause;
    private int _turn; // Which stretch is told next.

    public ReceiveWindow Window { get; } = new(pool, options.InitialReceiveBuffer, options.ReceiveBuffer);

    /// <summary>Whether the peer reads <see cref="TubusSectionType.Arrived"/>.</summary>
    public bool IsPeerOurs { get; set; }

    /// <summary>Whether something should be sent.</summary>
    public bool IsPending => _owesArrived || _echoes.Count > 0 || _owesEdge || _owesEdgeEcho;

    /// <summary>When <see cref="OnDeadline"/> is wanted.</summary>
    public Instant? Deadline => _edgeDue;

    public void OnMove(ulong offset, ReadOnlySpan<byte> data)
    {
        if (!Window.Place(offset, data)) return;
        _owesArrived = IsPeerOurs;
        if (!IsPeerOurs || offset >= (ulong)Window.Next) _echoes.Add(offset);
    }

    /// <summary>Notes that the peer has announced its edge.</summary>
    public void OnEdge() => _owesEdgeEcho = true;

    public void OnEdgeEcho(ulong edge)
    {
        if (edge != (ulong)Window.Edge) return;
        _isEdgeKnown = true;
        _owesEdge = Window.WantsEdge;
        _edgeDue = null;
    }

    public void OnDeadline(Instant now)
    {
        if (!(_edgeDue <= now)) return;
        _edgeDue = null;
        _owesEdge = !_isEdgeKnown;
    }

    /// <summary>Looks whether the edge has moved far enough to tell. Called after arrivals and reads.</summary>
    public void Review()
    {
        if (!Window.WantsEdge) return;
        _owesEdge = true;
        _edgePause = FirstEdgePause;
    }

    /// <summary>Writes the acknowledgements and the edges, as far as they fit.</summary>
    /// <param name="peerEdge">The edge to be confirmed.</param>
    public void Write(ref TubusWriter writer, ulong peerEdge, Instant now)
    {
        if (_owesArrived && writer.Room >= TubusWriter.NumberedLength) WriteArrived(ref writer);
        while (_echoes.Count > 0 && writer.Room >= TubusWriter.NumberedLength)
            writer.Write(TubusSectionType.MoveEcho, _echoes.Take());
        if (_owesEdge && writer.Room >= TubusWriter.NumberedLength)
        {
            WriteEdge(ref writer, now);
        }

        if (!_owesEdgeEcho || writer.Room < TubusWriter.NumberedLength) return;
        writer.Write(TubusSectionType.EdgeEcho, peerEdge);
        _owesEdgeEcho = false;
    }

    /// <summary>Writes the edge. It also goes with each link.</summary>
    public void WriteEdge(ref TubusWriter writer, Instant now)
    {
        writer.Write(TubusSectionType.Edge, Window.Announce());
        (_owesEdge, _isEdgeKnown) = (false, false);
        _edgeDue = now + _edgePause;
        if (_edgePause < LongestEdgePause) _edgePause *= 2;
    }

    /// <summary>Stops telling anything: the channel has ended.</summary>
    public void Stop()
    {
        _owesArrived = _owesEdge = _owesEdgeEcho = false;
        _edgeDue = null;
        _echoes.Clear();
    }

    private void WriteArrived(ref TubusWriter writer)
    {
        _owesArrived = false;
        IntervalSet beyond = Window.Beyond;
        int room = (writer.Room - TubusWriter.NumberedLength) / TubusSections.StretchLength;
        int count = Math.Min(Math.Min(beyond.Count, MostStretches), room);
        Span<byte> stretches = writer.WriteArrived(Window.Next, count);
        Span<(long Start, long End)> told = stackalloc (long, long)[MostStretches];
        for (int i = 0; i < count; i++)
        {
            // The last ones grow with what arrives now; the others take turns.
            bool isNewest = i < MostStretches / 2 || count == beyond.Count;
            if (!isNewest) _turn = _turn + 1 < beyond.Count - (MostStretches / 2) ? _turn + 1 : 0;
            told[i] = beyond[isNewest ? beyond.Count - 1 - i : _turn];
            BinaryPrimitives.WriteInt64BigEndian(stretches[(i * TubusSections.StretchLength)..], told[i].Start);
            BinaryPrimitives.WriteInt64BigEndian(stretches[((i * TubusSections.StretchLength) + TubusSections.NumberLength)..], told[i].End);
        }

        _echoes.RemoveAll(told[..count], Window.Next);
    }
}
