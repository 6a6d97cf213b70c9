using Microsoft.Extensions.Logging;

namespace Plexus.Rendezvous.Email;

/// <summary>Counts refused letters, and tells each kind of each sender once.</summary>
internal sealed class RefusalLog(ILogger logger)
{
    private const int MostTold = 256; // Anybody may send letters under any number of names.

    private readonly HashSet<(LetterFlaw, string)> _told = [];

    public void Tell(LetterHead head, LetterFlaw flaw)
    {
        PlexusTelemetry.RendezvousDrops.Add(1, new KeyValuePair<string, object?>("reason", NameOf(flaw)));
        // An old letter, or one that lay there before, is nobody's attack.
        LogLevel level = flaw is LetterFlaw.Stale or LetterFlaw.Replayed ? LogLevel.Information : LogLevel.Warning;
        if (_told.Count < MostTold && _told.Add((flaw, head.From))) EmailLog.Refused(logger, level, head.From, flaw);
        else EmailLog.RefusedAgain(logger, head.From, flaw);
    }

    private static string NameOf(LetterFlaw flaw) => flaw switch
    {
        LetterFlaw.Stranger => "stranger",
        LetterFlaw.Forged or LetterFlaw.Unsigned or LetterFlaw.ClearText => "signature",
        LetterFlaw.Stale or LetterFlaw.FromTheFuture or LetterFlaw.Undated => "time",
        LetterFlaw.Replayed or LetterFlaw.Misdirected => "replay",
        LetterFlaw.Extension => "extension",
        LetterFlaw.Newer => "newer",
        _ => "content",
    };
}
