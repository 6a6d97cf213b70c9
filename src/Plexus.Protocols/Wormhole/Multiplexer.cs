namespace Plexus.Protocols.Wormhole;

/// <summary>Many connections over one byte stream, with no stream and no socket inside.</summary>
/// <remarks>
/// What comes from the carrier goes through <see cref="TryReceive"/>, which gives one event after another. What goes to the carrier is
/// decided at the moment of writing: <see cref="TryTransmit"/> writes the frames that are due and tells whose turn it is
/// to add data, which stay in the local side's socket until then. So nothing queues up here, and who has much to send delays nobody.
/// Not thread-safe: its driver keeps calls apart.
/// </remarks>
internal abstract partial class Multiplexer(MultiplexerLimits limits)
{
    /// <summary>The head of a frame, in both framings.</summary>
    public const int HeaderLength = 8;

    /// <summary>The most data in one frame: with its head one TLS record of 16 KiB, and no one's turn is long.</summary>
    public const int LargestChunk = (16 << 10) - HeaderLength;

    /// <summary>The buffer that <see cref="TryTransmit"/> needs to write any frame.</summary>
    public const int LargestFrame = HeaderLength + TunnelFrame.LargestPayload;

    private const int LeastRoom = 1024; // A frame with less data wastes more than its place in the buffer.
    private const int LargestDues = 1024; // All frames without data of one connection, with their names and texts.
    private const int MostUnlisted = 256; // So many answers to openings may wait for the carrier before it is read again.

    private readonly Queue<MultiplexedConnection> _due = new();
    private readonly Queue<MultiplexedConnection> _ready = new();
    private readonly Queue<MultiplexedConnection> _dismissed = new();
    private int _unlistedDue;

    /// <summary>The connections that are open, by their numbers.</summary>
    protected Dictionary<uint, MultiplexedConnection> Listed { get; } = [];

    protected MultiplexerLimits Limits => limits;

    /// <summary>What is wrong with the carrier's bytes; null while all is well. After it nothing is received or sent any more.</summary>
    public string? Failure { get; private set; }

    /// <summary>Connections that are open.</summary>
    public int Count => Listed.Count;

    /// <summary>Connections that were opened, by either side.</summary>
    public long Opened { get; private set; }

    /// <summary>Bytes of data sent, all connections together.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes of data received.</summary>
    public long Received { get; private set; }

    /// <summary>Frames for connections that are gone or never were.</summary>
    public long Stray { get; protected set; }

    /// <summary>The time from one end of the tunnel to the other and back, with what waits in between; null where the framing cannot tell.</summary>
    public TimeSpan? RoundTrip { get; protected set; }

    /// <summary>Whether the carrier should be read: not while too much waits already.</summary>
    public virtual bool MayReceive => _unlistedDue < MostUnlisted;

    /// <summary>Whether the peer understands the end of one direction only.</summary>
    public abstract bool HasHalfClose { get; }

    /// <summary>When <see cref="OnDeadline"/> is wanted next; null while nothing is timed.</summary>
    public virtual Instant? Deadline => null;

    /// <summary>Tells that the deadline has passed.</summary>
    public virtual void OnDeadline(Instant now) { }

    /// <summary>Opens a connection to a service of the peer.</summary>
    /// <returns>Null when as many as allowed are open, or the peer takes none.</returns>
    public abstract MultiplexedConnection? Open(TunnelProtocol protocol, string service, Instant now);

    /// <summary>Tells the peer that its connection has reached the service.</summary>
    public abstract void Accept(MultiplexedConnection connection);

    /// <summary>Tells the peer that its connection cannot be.</summary>
    public abstract void Refuse(MultiplexedConnection connection, TunnelReason reason, string text);

    /// <summary>The local side sends no more. If <see cref="MultiplexedConnection.CanReceive"/> is false afterwards, it is over.</summary>
    public abstract void EndLocal(MultiplexedConnection connection, Instant now);

    /// <summary>Ends a connection in both directions, because its local side failed or was given up.</summary>
    public abstract void Reset(MultiplexedConnection connection, TunnelReason reason, string text);

    /// <summary>Takes the tunnel out of use: no new connections either way.</summary>
    public virtual void GoAway(TunnelReason reason, string text) { }

    /// <summary>The local side has taken bytes of <see cref="TunnelEventKind.Data"/>, or they were thrown away.</summary>
    public virtual void Delivered(MultiplexedConnection connection, int count, Instant now) => connection.Waiting -= count;

    /// <summary>The local side has something to send, or its end to tell.</summary>
    public void Ready(MultiplexedConnection connection)
    {
        if (!connection.CanSend || connection.IsInReadyQueue) return;
        connection.IsInReadyQueue = true;
        _ready.Enqueue(connection);
    }

    /// <summary>Gives a connection that was ended here without its local side's doing: the driver ends that, too.</summary>
    public bool TryTakeDismissed(out MultiplexedConnection connection) => _dismissed.TryDequeue(out connection!);

    /// <summary>Writes what is due, and tells whose turn it is to send data.</summary>
    /// <param name="buffer">Where frames go; <see cref="LargestFrame"/> bytes hold any, less hold what fits.</param>
    /// <param name="now">The time.</param>
    /// <param name="turn">What was written, and who is next.</param>
    /// <returns>False when there is nothing to send, or no room for it.</returns>
    public bool TryTransmit(Span<byte> buffer, Instant now, out Turn turn)
    {
        int length = Failure is null ? WriteOwn(buffer, now) : 0;
        while (Failure is null)
        {
            while (buffer.Length - length >= LargestDues && _due.TryDequeue(out MultiplexedConnection? connection))
            {
                connection.IsInDueQueue = false;
                if (!connection.IsListed) _unlistedDue--;
                length += WriteDue(connection, buffer[length..]);
                connection.Due = ConnectionDue.None;
            }

            if (buffer.Length - length < HeaderLength + LeastRoom || !_ready.TryDequeue(out MultiplexedConnection? ready)) break;
            ready.IsInReadyQueue = false;
            if (!ready.CanSend) continue;
            int most = buffer.Length - length - HeaderLength;
            int room = ready.Protocol == TunnelProtocol.Udp ? most : (int)Math.Min(Math.Min(most, LargestChunk), ready.Credit);
            if (room == 0)
            {
                OnStarved(ready);
                continue;
            }

            turn = new(length, ready, room);
            return true;
        }

        turn = new(length, null, 0);
        return length > 0;
    }

    /// <summary>Makes a frame of what the local side had in its turn.</summary>
    /// <param name="connection">Whose turn it was.</param>
    /// <param name="frame">Where the frame begins; the data stand behind its head.</param>
    /// <param name="count">How many bytes; none makes no frame.</param>
    /// <param name="result">Whether there is more.</param>
    /// <param name="now">The time.</param>
    /// <returns>The length of the frame.</returns>
    public int Complete(MultiplexedConnection connection, Span<byte> frame, int count, TurnResult result, Instant now)
    {
        // It may have ended while its local side was being read.
        int length = 0;
        if (count > 0 && connection.CanSend)
        {
            WriteDataHeader(connection, frame, count);
            connection.Sent += count;
            Sent += count;
            if (connection.Credit != long.MaxValue) connection.Credit -= count;
            length = HeaderLength + count;
        }

        if (result == TurnResult.More) Ready(connection);
        else if (result == TurnResult.End && connection.CanSend) EndLocal(connection, now);
        return length;
    }

    protected abstract void WriteDataHeader(MultiplexedConnection connection, Span<byte> frame, int count);

    /// <summary>Writes the due frames of one connection, at most <see cref="LargestDues"/> bytes.</summary>
    protected abstract int WriteDue(MultiplexedConnection connection, Span<byte> buffer);

    /// <summary>Writes frames about the tunnel itself.</summary>
    protected virtual int WriteOwn(Span<byte> buffer, Instant now) => 0;

    /// <summary>It has something to send, but the peer takes nothing now.</summary>
    protected virtual void OnStarved(MultiplexedConnection connection) { }

    protected void Fail(string failure) => Failure ??= failure;

    protected void List(MultiplexedConnection connection)
    {
        Listed.Add(connection.Id, connection);
        connection.IsListed = true;
        Opened++;
    }

    /// <summary>Forgets a connection. Frames that are due go out all the same.</summary>
    protected virtual void Unlist(MultiplexedConnection connection)
    {
        connection.CanSend = connection.CanReceive = false;
        if (!connection.IsListed) return;
        Listed.Remove(connection.Id);
        connection.IsListed = false;
        if (connection.IsInDueQueue) _unlistedDue++;
    }

    protected void AddDue(MultiplexedConnection connection, ConnectionDue due)
    {
        connection.Due |= due;
        if (connection.IsInDueQueue) return;
        connection.IsInDueQueue = true;
        if (!connection.IsListed) _unlistedDue++;
        _due.Enqueue(connection);
    }

    /// <summary>Ends a connection on both sides, and has the driver end its local side.</summary>
    protected void Dismiss(MultiplexedConnection connection, TunnelReason reason, string text)
    {
        Reset(connection, reason, text);
        (connection.Reason, connection.ReasonText) = (reason, text);
        _dismissed.Enqueue(connection);
    }

    protected void CountReceived(MultiplexedConnection connection, int count, Instant now)
    {
        connection.Received += count;
        connection.LastReceived = now;
        Received += count;
    }
}
