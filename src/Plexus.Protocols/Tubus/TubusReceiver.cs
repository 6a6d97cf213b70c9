namespace Plexus.Protocols.Tubus;

/// <summary>The peer's half of a channel's data: what arrived, what is owed for it, and how much more may come.</summary>
internal sealed class TubusReceiver(TubusOptions options, PagePool pool)
{
    // Many times what one call of a driver brings.
    private const int MostEchoes = 8192;

    // The original repeats each 100 ms.
    private static readonly TimeSpan FirstEdgePause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestEdgePause = TimeSpan.FromSeconds(1);

    private readonly EchoQueue _echoes = new(MostEchoes);
    private bool _owesEdge = true;
    private bool _owesEdgeEcho;
    private bool _isEdgeKnown; // The peer has confirmed the announced edge.
    private Instant? _edgeDue;
    private TimeSpan _edgePause = FirstEdgePause;

    public ReceiveWindow Window { get; } = new(pool, options.InitialReceiveBuffer, options.ReceiveBuffer);

    /// <summary>Whether something should be sent.</summary>
    public bool IsPending => _echoes.Count > 0 || _owesEdge || _owesEdgeEcho;

    /// <summary>When <see cref="OnDeadline"/> is wanted.</summary>
    public Instant? Deadline => _edgeDue;

    public void OnMove(ulong offset, ReadOnlySpan<byte> data)
    {
        if (Window.Place(offset, data)) _echoes.Add(offset);
    }

    /// <summary>Notes that the peer has announced its edge.</summary>
    public void OnEdge() => _owesEdgeEcho = true;

    public void OnEdgeEcho(ulong edge)
    {
        if (edge != (ulong)Window.Edge) return;
        _isEdgeKnown = true;
        _owesEdge = false;
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

    /// <summary>Writes as many echoes as fit, and the edge.</summary>
    public void Write(ref TubusWriter writer, Instant now)
    {
        while (_echoes.Count > 0 && writer.Room >= TubusWriter.NumberedLength)
            writer.Write(TubusSectionType.MoveEcho, _echoes.Take());
        if (!_owesEdge || writer.Room < TubusWriter.NumberedLength) return;
        writer.Write(TubusSectionType.Edge, Window.Announce());
        (_owesEdge, _isEdgeKnown) = (false, false);
        _edgeDue = now + _edgePause;
        if (_edgePause < LongestEdgePause) _edgePause *= 2;
    }

    /// <summary>Writes the echo of the peer's edge, which the original puts last.</summary>
    public void WriteEdgeEcho(ref TubusWriter writer, ulong edge)
    {
        if (!_owesEdgeEcho || writer.Room < TubusWriter.NumberedLength) return;
        writer.Write(TubusSectionType.EdgeEcho, edge);
        _owesEdgeEcho = false;
    }

    /// <summary>Stops telling anything: the channel has ended.</summary>
    public void Stop()
    {
        _owesEdge = _owesEdgeEcho = false;
        _edgeDue = null;
        _echoes.Clear();
    }
}
