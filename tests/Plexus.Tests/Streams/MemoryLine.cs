using System.IO.Pipelines;

namespace Plexus.Tests.Streams;

/// <summary>One end of a line in memory that carries bytes both ways and can be watched, disturbed and cut.</summary>
internal sealed class MemoryLine : Stream
{
    // As much as a tubus stream takes before it makes its writer wait.
    private static readonly PipeOptions Options = new(pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024);

    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;
    private MemoryLine? _other;
    private bool _isEnded;

    private MemoryLine(Pipe incoming, Pipe outgoing) => (_incoming, _outgoing) = (incoming, outgoing);

    public static (MemoryLine Client, MemoryLine Server) Make()
    {
        Pipe there = new(Options), back = new(Options);
        MemoryLine client = new(back, there), server = new(there, back);
        (client._other, server._other) = (server, client);
        return (client, server);
    }

    /// <summary>Sees, and may change, each write.</summary>
    public Action<byte[]>? Disturb { get; set; }

    public long Written { get; private set; }

    public int Writes { get; private set; }

    public bool IsDisposed { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Ends both directions without a word, as a torn tubus does. What was written before still arrives.</summary>
    public void Cut()
    {
        End();
        _other!.End();
    }

    /// <summary>Ends our own direction.</summary>
    public void End()
    {
        _isEnded = true;
        _outgoing.Writer.Complete();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult result = await _incoming.Reader.ReadAsync(cancellationToken);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        int count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        int left = count;
        foreach (ReadOnlyMemory<byte> part in result.Buffer)
        {
            int length = Math.Min(part.Length, left);
            part.Span[..length].CopyTo(buffer.Span[(count - left)..]);
            left -= length;
        }

        _incoming.Reader.AdvanceTo(result.Buffer.GetPosition(count));
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isEnded) throw new IOException("The line is cut.");
        byte[] bytes = buffer.ToArray();
        Disturb?.Invoke(bytes);
        Written += bytes.Length;
        Writes++;
        FlushResult result = await _outgoing.Writer.WriteAsync(bytes, cancellationToken);
        if (result.IsCompleted) throw new IOException("The peer has closed the line.");
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        _outgoing.Writer.Complete();
        _incoming.Reader.CancelPendingRead();
        return base.DisposeAsync();
    }
}
