using System.Net;

namespace Plexus.Rendezvous.Email;

/// <summary>One inviter's attempt, as the acceptor sees it: an invitation, and its repetitions.</summary>
internal sealed class EmailConversation
{
    private const int MostAnswers = 4; // An inviter of ours repeats itself once, and when its endpoint changes.

    private int _answers;

    /// <summary>When the newest invitation of it was signed.</summary>
    public DateTimeOffset Newest { get; set; }

    /// <summary>Where it leads.</summary>
    public required IPEndPoint EndPoint { get; set; }

    /// <summary>What it was answered with; null until then.</summary>
    public Introduction? Ours { get; set; }

    /// <summary>Whether one more answer may be sent.</summary>
    public bool TryCountAnswer() => _answers++ < MostAnswers;
}
