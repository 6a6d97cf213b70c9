using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus.Streams;

/// <summary>TLS 1.3 over any stream, with both certificates pinned: docs/protocols/stream.md.</summary>
/// <remarks>One reader and one writer at a time. A write that fails or is cancelled leaves it unusable for writing.</remarks>
internal sealed class SecureStream : Stream, IStandsIn
{
    /// <summary>64 KiB, four records: with segmentation offload that is what goes down in one system call.</summary>
    internal const int WriteUnit = 64 * 1024;

    private const byte LetIn = 1; // The acceptor's verdict.

    private readonly Stream _carrier;
    private readonly RecordCarrier _records;
    private readonly SslStream _tls;
    private readonly Identity _peer;
    private bool _isEnd;
    private bool _writesAreComplete;
    private int _isWriting;
    private IOException? _brokenReading;
    private IOException? _brokenWriting;

    private SecureStream(Stream carrier, Identity peer)
    {
        (_carrier, _peer) = (carrier, peer);
        _records = new RecordCarrier(carrier);
        _tls = new SslStream(_records, leaveInnerStreamOpen: true);
    }

    public override bool CanRead => true;

    public override bool CanWrite => !_writesAreComplete;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void StandInFor(ReadinessThread thread) => (_carrier as IStandsIn)?.StandInFor(thread);

    /// <summary>Makes a stream secure.</summary>
    /// <param name="carrier">What carries it; owned by the stream, and left open if there comes none.</param>
    /// <param name="isClient">Whether we begin: the inviter does.</param>
    /// <param name="host">Who we are, with the private key.</param>
    /// <param name="peer">Who the other end has to be.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The stream, when each side has accepted the other.</returns>
    /// <exception cref="PlexusException">The other end is not the peer, does not take us for ours, or is no TLS of ours.</exception>
    /// <exception cref="IOException">The carrier failed.</exception>
    public static async Task<SecureStream> OpenAsync(
        Stream carrier, bool isClient, Identity host, Identity peer, CancellationToken cancellationToken)
    {
        SecureStream stream = new(carrier, peer);
        try
        {
            await stream.AuthenticateAsync(isClient, new TlsTerms(host, peer), cancellationToken);
            return stream;
        }
        catch
        {
            await stream._tls.DisposeAsync();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_brokenReading is not null) throw _brokenReading;
        if (_isEnd) return 0;
        int count;
        try
        {
            count = await _tls.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            throw _brokenReading = Explain(e);
        }

        if (count > 0 || buffer.IsEmpty) return count;
        // TLS calls both the end; only one of them was signed by the peer.
        if (_records.HasEnded) throw _brokenReading = CutOff();
        _isEnd = true;
        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BeginWriting();
        try
        {
            while (!buffer.IsEmpty)
            {
                int count = Math.Min(buffer.Length, WriteUnit);
                await _tls.WriteAsync(buffer[..count], CancellationToken.None); // Into the carrier's buffer: it does not wait.
                await _records.FlushGatheredAsync(cancellationToken);
                buffer = buffer[count..];
            }
        }
        catch (Exception e)
        {
            _brokenWriting = Broken(e); // A part of a record may be under way.
            throw;
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    /// <summary>Tells the peer that nothing more comes (close_notify), and leaves the other direction open.</summary>
    public async Task CompleteWritesAsync(CancellationToken cancellationToken)
    {
        if (_writesAreComplete) return;
        BeginWriting();
        try
        {
            _writesAreComplete = true;
            await _tls.ShutdownAsync();
            await _records.FlushGatheredAsync(cancellationToken);
        }
        catch (Exception e)
        {
            _brokenWriting = Broken(e);
            throw;
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _carrier.FlushAsync(cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Closes the carrier. Without <see cref="CompleteWritesAsync"/> the peer takes it for a cut.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _carrier.DisposeAsync(); // First, so that a read that waits in TLS ends.
        await _tls.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task AuthenticateAsync(bool isClient, TlsTerms terms, CancellationToken cancellationToken)
    {
        try
        {
            if (isClient) await _tls.AuthenticateAsClientAsync(terms.Client(), cancellationToken);
            else await _tls.AuthenticateAsServerAsync(terms.Server(), cancellationToken);
            await _records.FlushGatheredAsync(cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await TellAsync(cancellationToken);
            throw Refusal(terms, e);
        }

        if (_tls.NegotiatedApplicationProtocol != TlsTerms.Protocol)
            throw Failure($"{_peer} speaks TLS, but not the protocol {TlsTerms.Protocol} inside; both sides must open a stream.");
        _records.FlushesBeforeReading = false;
        if (isClient) await HearVerdictAsync(cancellationToken);
        else await GiveVerdictAsync(cancellationToken);
    }

    // A client's handshake ends before the server has looked at its certificate.
    private async Task HearVerdictAsync(CancellationToken cancellationToken)
    {
        byte[] verdict = new byte[1];
        int count;
        try
        {
            count = await _tls.ReadAsync(verdict, cancellationToken);
        }
        catch (IOException e) when (_records.Failure is null)
        {
            throw Unwelcome(e);
        }

        if (count == 0) throw Unwelcome(null);
        if (verdict[0] != LetIn) throw Failure($"{_peer} answers in a newer form than this program reads; update it.");
    }

    private async Task GiveVerdictAsync(CancellationToken cancellationToken)
    {
        await _tls.WriteAsync(new byte[] { LetIn }, cancellationToken);
        await _records.FlushGatheredAsync(cancellationToken);
    }

    /// <summary>Sends the alert that TLS may have written, so that the other side knows at once.</summary>
    private async Task TellAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _records.FlushGatheredAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It will hear of it by the end of the carrier.
        }
    }

    private Exception Refusal(TlsTerms terms, Exception e)
    {
        if (terms.HasSeenAnother)
            return Failure($"The other end showed another certificate than the one of {_peer} in the repository; import its present one, or somebody stands between.", e);
        if (_records.Failure is IOException failure) return failure;
        if (_records.HasEnded) return Failure($"{_peer} ended the TLS handshake: it does not know our certificate, or could not use TLS 1.3.", e);
        return Failure($"No TLS 1.3 with {_peer}: {(e.InnerException ?? e).Message}", e);
    }

    private PlexusException Unwelcome(Exception? e) =>
        Failure($"{_peer} refused our certificate: it has another one of ours in its repository; give it the present one.", e);

    private IOException Explain(IOException e) =>
        _records.Failure as IOException
            ?? new IOException($"What arrived is no TLS record of {_peer}: the stream was disturbed on its way and ends here.", e);

    private IOException CutOff() => new($"The stream was cut off: {_peer} has not said that it is at its end.");

    private static IOException Broken(Exception e) =>
        new("The stream cannot be written to any more, since a write was cancelled or failed.", e);

    private static PlexusException Failure(string message, Exception? cause = null) => new(PlexusStage.Payload, message, cause);

    private void BeginWriting()
    {
        if (_brokenWriting is not null) throw _brokenWriting;
        if (_writesAreComplete) throw new InvalidOperationException("The writes of this stream are complete.");
        if (Interlocked.Exchange(ref _isWriting, 1) != 0) throw new InvalidOperationException("Somebody else is writing to this stream.");
    }
}
