using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Plexus.Sockets;

namespace Plexus.Streams;

/// <summary>What lies between TLS and the stream that carries it.</summary>
/// <remarks>
/// It gathers the records that TLS writes, so that several go down in one write; it notices where the carrier ends, which TLS
/// does not tell from an end that the peer has signed; and it lets nothing wait but reads. TLS leaves the synchronization
/// context at each await, so on a context that keeps continuations a read resumes it in place: docs/decisions/0002-one-hop.md.
/// </remarks>
/// <param name="carrier">The stream below.</param>
internal sealed class RecordCarrier(Stream carrier) : Stream, IValueTaskSource<int>
{
    private const int SmallestBuffer = 4_096; // Most of a handshake's flight.

    private readonly SynchronizationContext? _home =
        SynchronizationContext.Current is IKeepsContinuations ? SynchronizationContext.Current : null;

    private byte[] _gathered = [];
    private int _length;
    private ManualResetValueTaskSourceCore<int> _reading;

    /// <summary>Whether the carrier has ended: what TLS calls the end after that is a cut.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Why the carrier failed, if it did; TLS would wrap it.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Whether what has been gathered goes out before each read, as a handshake wants it.</summary>
    public bool FlushesBeforeReading { get; set; } = true;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes what has been gathered to the carrier.</summary>
    public async ValueTask FlushGatheredAsync(CancellationToken cancellationToken)
    {
        if (_length == 0) return;
        (byte[] gathered, int length) = (_gathered, _length);
        (_gathered, _length) = ([], 0); // An idle stream holds no buffer.
        try
        {
            await carrier.WriteAsync(gathered.AsMemory(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_gathered.Length - _length < buffer.Length) Grow(_length + buffer.Length);
        buffer.CopyTo(_gathered.AsMemory(_length));
        _length += buffer.Length;
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // TLS asks so whether there is something, before it takes a buffer: one buffer for each stream is cheaper than twice the reads.
        if (buffer.IsEmpty) return ValueTask.FromResult(0);
        if (_home is null) return ReadHereAsync(buffer, cancellationToken);
        _reading.Reset();
        SynchronizationContext? here = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_home);
        _ = ReadAtHomeAsync(buffer, cancellationToken);
        SynchronizationContext.SetSynchronizationContext(here);
        return new ValueTask<int>(this, _reading.Version);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _reading.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _reading.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reading.OnCompleted(continuation, state, token, flags);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))] // A read that waits costs no garbage.
    private async ValueTask<int> ReadHereAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (FlushesBeforeReading) await FlushGatheredAsync(cancellationToken);
            int count = await carrier.ReadAsync(buffer, cancellationToken);
            if (count == 0) HasEnded = true;
            return count;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failure = e;
            throw;
        }
    }

    private async Task ReadAtHomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count = 0;
        Exception? failure = null;
        try
        {
            count = await ReadHereAsync(buffer, cancellationToken);
        }
        catch (Exception e)
        {
            failure = e;
        }

        // Without a context, the continuations of TLS, which ask for none, run right here and not on the thread pool.
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            if (failure is null) _reading.SetResult(count);
            else _reading.SetException(failure);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(_home);
        }
    }

    private void Grow(int wanted)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, SmallestBuffer));
        _gathered.AsSpan(0, _length).CopyTo(larger);
        if (_gathered.Length > 0) ArrayPool<byte>.Shared.Return(_gathered);
        _gathered = larger;
    }
}
