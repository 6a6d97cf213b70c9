using System.Net;
using Plexus.Protocols.Tubus;
using Plexus.Sockets;

namespace Plexus.Streams;

/// <summary>One reliable stream to a peer, neither encrypted nor authenticated.</summary>
/// <remarks>
/// <para>
/// One read and one write at a time; both may run together. A write is done when all of it is on its way or in the send buffer, which
/// is short: a writer who is faster than the path waits. A cancelled read has taken nothing; a cancelled write may have sent a part;
/// the stream goes on after both.
/// </para>
/// <para>Reading zero octets means that the peer closed the stream and nothing is missing. Any other end is an <see cref="IOException"/>.</para>
/// </remarks>
internal sealed class TubusStream : Stream, IStandsIn
{
    private readonly TubusSocket _socket;
    private readonly BatchPump _pump;
    private readonly StreamWaiter _reading;
    private readonly StreamWaiter _writing;
    private readonly StreamWaiter _turning; // for the link, later for the end
    private Memory<byte> _wanted; // where the reader who waits wants it
    private ReadOnlyMemory<byte> _unwritten; // what the writer who waits has left
    private Func<TubusChannel, bool>? _hasTurned;
    private Exception? _failure;
    private volatile bool _isDisposed;

    internal TubusStream(TubusSocket socket, BatchPump pump, TubusChannel channel, IPEndPoint peer, bool completesInline)
    {
        _socket = socket;
        _pump = pump;
        Channel = channel;
        Peer = peer;
        _reading = new StreamWaiter(pump.Gate, FinishRead) { CompletesInline = completesInline };
        _writing = new StreamWaiter(pump.Gate, FinishWrite) { CompletesInline = completesInline };
        _turning = new StreamWaiter(pump.Gate, static () => 0) { CompletesInline = completesInline };
    }

    /// <summary>The other end.</summary>
    public IPEndPoint Peer { get; }

    /// <summary>How the stream does.</summary>
    public TubusReport Report
    {
        get
        {
            lock (_pump.Gate) return Channel.Report;
        }
    }

    public override bool CanRead => !_isDisposed;

    public override bool CanWrite => !_isDisposed;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The core; touched inside the pump's gate.</summary>
    internal TubusChannel Channel { get; }

    private bool IsOver => Channel.State == TubusState.Closed || _isDisposed;

    public void StandInFor(ReadinessThread thread) => _pump.StandInFor(thread);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<int>(cancellationToken);
        int length;
        lock (_pump.Gate)
        {
            ThrowIfBusy(_reading.IsPending);
            if (!TryRead(buffer.Span, out length))
            {
                _wanted = buffer;
                _reading.Begin();
                length = -1;
            }
        }

        if (length < 0) return _reading.WithResult(cancellationToken);
        if (length > 0) _pump.FlushSoon(); // The peer may have waited for the room.
        return new ValueTask<int>(length);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        bool isWritten;
        lock (_pump.Gate)
        {
            ThrowIfBusy(_writing.IsPending);
            ThrowIfNotWritable();
            int length = Channel.Write(buffer.Span, _pump.Now);
            isWritten = length == buffer.Length;
            if (!isWritten)
            {
                _unwritten = buffer[length..];
                _writing.Begin();
            }
        }

        _pump.Flush(); // What it sends makes room: then the wait is over before it has begun.
        return isWritten ? ValueTask.CompletedTask : _writing.WithoutResult(cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Does nothing: what was written is on its way already.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Ends the stream when the peer has all that was written. What the peer still sends is thrown away.</summary>
    /// <param name="cancellationToken">Stops the waiting; the closing goes on until the stream is disposed.</param>
    /// <exception cref="IOException">The peer did not get all of it.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (_pump.Gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Channel.Close(_pump.Now);
        }

        _pump.Flush();
        Attend();
        await WaitForTurn(static channel => channel.State == TubusState.Closed, cancellationToken);
        lock (_pump.Gate) ThrowIfBroken();
    }

    /// <summary>Waits until the peer is there.</summary>
    /// <exception cref="IOException">It did not come.</exception>
    internal async Task LinkAsync(CancellationToken cancellationToken)
    {
        await WaitForTurn(static channel => channel.State is TubusState.Linked or TubusState.Closed, cancellationToken);
        lock (_pump.Gate) ThrowIfBroken();
    }

    /// <summary>Lets those go on who wait for what has come about. Outside the gate, after each change of the channel.</summary>
    internal void Attend()
    {
        bool reads;
        bool writes = false;
        bool turns;
        bool isWritten = false;
        lock (_pump.Gate)
        {
            reads = (Channel.Readable > 0 || IsOver) && _reading.TryDecide();
            if (_writing.IsPending)
            {
                int length = IsOver ? 0 : Channel.Write(_unwritten.Span, _pump.Now);
                isWritten = length > 0;
                _unwritten = _unwritten[length..];
                writes = (IsOver || _unwritten.IsEmpty) && _writing.TryDecide();
            }

            turns = _turning.IsPending && (IsOver || _hasTurned!(Channel)) && _turning.TryDecide();
        }

        if (isWritten) _pump.Flush();
        if (reads) _reading.Complete();
        if (writes) _writing.Complete();
        if (turns) _turning.Complete();
    }

    /// <summary>Ends the stream because the socket has failed.</summary>
    internal void Fail(Exception failure)
    {
        lock (_pump.Gate)
        {
            _failure = failure;
            Channel.Abort(_pump.Now);
        }

        Attend();
    }

    /// <summary>Ends the stream at once, unless it was closed; the peer is told so.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_pump.Gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            Channel.Abort(_pump.Now);
        }

        _pump.Flush();
        Attend();
        _socket.Forget(this);
        base.Dispose(disposing);
    }

    private static void ThrowIfBusy(bool isPending)
    {
        if (isPending) throw new InvalidOperationException("One read and one write at a time.");
    }

    /// <summary>Reads what is there, or finds that there will be no more. Inside the gate.</summary>
    /// <returns>False when it is still to come.</returns>
    private bool TryRead(Span<byte> buffer, out int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        length = Channel.Read(buffer, _pump.Now);
        if (length > 0 || Channel.Readable > 0) return true;
        if (Channel.State != TubusState.Closed) return false;
        ThrowIfBroken();
        return true;
    }

    private int FinishRead()
    {
        int length;
        lock (_pump.Gate)
        {
            _ = TryRead(_wanted.Span, out length);
            _wanted = default;
        }

        if (length > 0) _pump.FlushSoon();
        return length;
    }

    private int FinishWrite()
    {
        lock (_pump.Gate)
        {
            bool isWritten = _unwritten.IsEmpty;
            _unwritten = default;
            if (!isWritten) ThrowIfNotWritable();
        }

        return 0;
    }

    private async Task WaitForTurn(Func<TubusChannel, bool> hasTurned, CancellationToken cancellationToken)
    {
        lock (_pump.Gate)
        {
            if (IsOver || hasTurned(Channel)) return;
            ThrowIfBusy(_turning.IsPending);
            _hasTurned = hasTurned;
            _turning.Begin();
        }

        await _turning.WithoutResult(cancellationToken);
    }

    private void ThrowIfNotWritable()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Channel.State is not (TubusState.Closing or TubusState.Closed)) return;
        ThrowIfBroken();
        throw new IOException(Channel.End == TubusEnd.ClosedByPeer ? "The peer has closed the stream." : "The stream is closed.");
    }

    private void ThrowIfBroken()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_failure is not null) throw new IOException("The stream's socket has failed.", _failure);
        if (Channel.State == TubusState.Closed && StreamEnd.Text(Channel.End) is { } text) throw new IOException(text);
    }
}
