using System.IO.Pipelines;
using Plexus.Passages;
using Plexus.Protocols.Tubus;
using Plexus.Sockets;

namespace Plexus.Streams;

/// <summary>A reliable stream of bytes to a peer over a passage, encrypted with keys of both identities.</summary>
/// <remarks>
/// <para>
/// It is tubus with TLS 1.3 inside: both certificates are those of the repositories, byte for byte. With a peer that has announced
/// no such stream, as the original, it opens only if <see cref="PlexusStreamOptions.AllowUnencrypted"/> says so.
/// </para>
/// <para>
/// One reader and one writer at a time, which may be different threads. A read that gives 0 means that the peer has said it is at its
/// end; whatever else ends the stream is an <see cref="IOException"/>. A read may be cancelled without loss. A cancelled write has sent an
/// unknown part, so that an encrypted stream cannot be written to any more.
/// </para>
/// <para>Dispose it asynchronously: that delivers what was written, as <see cref="CloseAsync"/>, and tells nobody if it fails.</para>
/// </remarks>
public sealed class PlexusStream : Stream, IDuplexPipe, IStandsIn
{
    private readonly HandedPassage _passage;
    private readonly TubusSocket _socket;
    private readonly TubusStream _line;
    private readonly SecureStream? _secure;
    private readonly Stream _data; // One of the two.
    private readonly PlexusStreamOptions _options;
    private readonly Lazy<PipeReader> _input;
    private readonly Lazy<PipeWriter> _output;
    private int _closed;

    internal PlexusStream(HandedPassage passage, TubusSocket socket, TubusStream line, SecureStream? secure, PlexusStreamOptions options)
    {
        (_passage, _socket, _line, _secure, _options) = (passage, socket, line, secure, options);
        _data = secure is null ? line : secure;
        _input = new(() => PipeReader.Create(this, new StreamPipeReaderOptions(leaveOpen: true)));
        _output = new(() => PipeWriter.Create(new WritingHalf(this)));
    }

    /// <summary>Both ends' addresses, and who they are.</summary>
    public PassageTicket Ticket => _passage.Ticket;

    /// <summary>Whether it is encrypted, and the peer proved to be the one in the repository.</summary>
    public bool IsEncrypted => _secure is not null;

    /// <summary>How the stream does.</summary>
    public StreamReport Report
    {
        get
        {
            TubusReport report = _line.Report;
            return new(report.RoundTrip, report.BytesSent, report.BytesReceived, report.BytesRepeated, report.InFlight, report.DatagramLength);
        }
    }

    /// <summary>What the peer sends, as a pipe. Use either this or the reading methods.</summary>
    public PipeReader Input => _input.Value;

    /// <summary>What the peer gets, as a pipe; completing it completes the writes. Use either this or the writing methods.</summary>
    public PipeWriter Output => _output.Value;

    /// <summary>Whether it is open for reading.</summary>
    public override bool CanRead => _closed == 0;

    /// <summary>Whether it is open for writing.</summary>
    public override bool CanWrite => _closed == 0 && _data.CanWrite;

    /// <summary>False: there is no way back.</summary>
    public override bool CanSeek => false;

    /// <summary>Not supported.</summary>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The stream without its encryption, for its figures.</summary>
    internal TubusStream Line => _line;

    void IStandsIn.StandInFor(ReadinessThread thread) => _line.StandInFor(thread);

    /// <summary>Opens a stream over a passage. The peer has to do the same; who invited begins.</summary>
    /// <param name="passage">The passage, which the stream owns from now on: it is closed with the stream, or if this fails.</param>
    /// <param name="options">How; null is the default.</param>
    /// <param name="cancellationToken">Stops the opening and closes the passage.</param>
    /// <returns>The open stream. The caller disposes it.</returns>
    /// <exception cref="PlexusException">
    /// An option is out of its range; the peer cannot encrypt and the options do not allow less; it did not open its side in time; it is not
    /// who it says, or does not know our certificate.
    /// </exception>
    /// <exception cref="InvalidOperationException">A payload has the passage already.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<PlexusStream> OpenAsync(
        Passage passage, PlexusStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(passage);
        await CallerContext.Leave();
        options ??= new();
        HandedPassage handed = await passage.HandOverAsync();
        try
        {
            options.Validate();
            return await new StreamOpening(handed, options).OpenAsync(cancellationToken);
        }
        catch
        {
            await handed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells the peer that nothing more comes, and leaves the other direction open.</summary>
    /// <param name="cancellationToken">Stops it; nothing can be written any more all the same.</param>
    /// <exception cref="NotSupportedException">The stream is not encrypted: then it has one end for both directions, its closing.</exception>
    /// <exception cref="IOException">The stream has failed.</exception>
    public async Task CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        if (_secure is null) throw new NotSupportedException("A stream without encryption ends in both directions at once: close it.");
        await _secure.CompleteWritesAsync(cancellationToken);
    }

    /// <summary>Delivers what was written, tells the peer that this is the end, and closes the passage. What the peer still sends is dropped.</summary>
    /// <param name="cancellationToken">Stops the waiting and cuts the stream off.</param>
    /// <exception cref="IOException">The peer did not take all of it, or may not have.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        using CancellationTokenSource limit = new(_options.CloseTimeout, _passage.Clock);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (_secure is not null) await _secure.CompleteWritesAsync(stop.Token);
            await _line.CloseAsync(cancellationToken); // It has the same limit, counted from the last progress.
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("The peer did not take all that was written before the stream was closed.", e);
        }
        finally
        {
            await ReleaseAsync();
        }
    }

    /// <summary>Cuts the stream off, within a second: the peer's reader gets an <see cref="IOException"/>, not an end, if the stream is encrypted.</summary>
    public async Task AbortAsync()
    {
        await CallerContext.Leave();
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        // Without its halves an unencrypted stream can be cut off at once only: an orderly end of tubus would be its end.
        if (_secure is not null) await StreamOpening.PartAsync(_line, _passage.Clock);
        await ReleaseAsync();
    }

    /// <summary>Closes the stream as <see cref="CloseAsync"/> does. A failure of that is not told.</summary>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The stream had failed before, or somebody is writing to it in this moment: it has been cut off.
        }

        await base.DisposeAsync();
    }

#pragma warning disable RS0027 // They are the base class's overloads and defaults.
    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _data.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _data.ReadAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Writes; done when all of it is on its way or in a short buffer. Large writes cost less than many small ones.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _data.WriteAsync(buffer, cancellationToken);
#pragma warning restore RS0027

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _data.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Does nothing: what was written is on its way.</summary>
    public override void Flush() { }

    /// <summary>Does nothing: what was written is on its way.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    /// <summary>Not supported.</summary>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Cuts the stream off: there is no time for more. Prefer <see cref="DisposeAsync"/>.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0) _ = ReleaseAsync();
        base.Dispose(disposing);
    }

    private async Task ReleaseAsync()
    {
        if (_secure is not null) await _secure.DisposeAsync();
        else await _line.DisposeAsync();
        await _socket.DisposeAsync();
        await _passage.DisposeAsync();
    }
}
