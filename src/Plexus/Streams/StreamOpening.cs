using Plexus.Passages;
using Plexus.Protocols.Punch;

namespace Plexus.Streams;

/// <summary>The steps from a passage to a stream: tubus, and TLS inside if both sides can.</summary>
internal sealed class StreamOpening(HandedPassage passage, PlexusStreamOptions options)
{
    // 1 s: on most paths enough for it to arrive, even if a datagram is lost.
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(1);

    private readonly long _start = passage.Clock.GetTimestamp();

    private PassageTicket Ticket => passage.Ticket;

    private bool IsInviter => passage.Role == PunchRole.Inviter;

    /// <summary>Ends a line before its end, so that the other side hears of it and does not wait for more.</summary>
    internal static async Task PartAsync(TubusStream line, TimeProvider clock)
    {
        try
        {
            using CancellationTokenSource limit = new(Parting, clock);
            await line.CloseAsync(limit.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It was gone before.
        }
    }

    public async Task<PlexusStream> OpenAsync(CancellationToken cancellationToken)
    {
        bool encrypts = Ticket.AgreedCapabilities.HasFlag(PassageCapabilities.SecureStreams);
        if (!encrypts && !options.AllowUnencrypted) throw Failure(Weakness());
        using CancellationTokenSource limit = new(options.OpenTimeout, passage.Clock);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TubusSocket socket = new(
            passage.Socket, options.ToTubus() with { Extends = encrypts }, passage.Clock, passage.Logger, passage.Companion, options.CompletesInline);
        TubusStream? line = null;
        try
        {
            line = (encrypts ? IsInviter : options.Connects ?? IsInviter)
                ? await socket.ConnectAsync(Ticket.PeerEndPoint, Ticket.Secret, stop.Token)
                : await socket.AcceptAsync(Ticket.PeerEndPoint, Ticket.Secret, stop.Token);
            SecureStream? secure = encrypts
                ? await SecureStream.OpenAsync(line, IsInviter, passage.Host, passage.Peer, stop.Token)
                : null;
            Tell(encrypts);
            return new PlexusStream(passage, socket, line, secure, options);
        }
        catch (Exception e)
        {
            if (line is not null && e is PlexusException) await PartAsync(line, passage.Clock);
            await socket.DisposeAsync();
            if (e is IOException) throw Failure($"No stream with {Ticket.Peer}: {e.Message}", e);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw Failure($"{Ticket.Peer} has not opened the stream within {options.OpenTimeout.TotalSeconds:0} s; both sides have to open one.", e);
            throw;
        }
    }

    private static PlexusException Failure(string message, Exception? cause = null) => new(PlexusStage.Payload, message, cause);

    private string Weakness() => Ticket.PeerCapabilities.HasFlag(PassageCapabilities.SecureStreams)
        ? $"{Ticket.Peer} would encrypt the stream, but this side has not announced that it can; see PlexusHostOptions.Capabilities."
        : $"{Ticket.Peer} has not announced that it can encrypt a stream: it is the original, or runs a command; allow an unencrypted one, or update it.";

    private void Tell(bool encrypts)
    {
        double milliseconds = passage.Clock.GetElapsedTime(_start).TotalMilliseconds;
        if (encrypts) StreamLog.Encrypted(passage.Logger, Ticket.Peer, milliseconds);
        else StreamLog.Unencrypted(passage.Logger, Ticket.Peer, milliseconds);
    }
}
