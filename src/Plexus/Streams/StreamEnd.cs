using Plexus.Protocols.Tubus;

namespace Plexus.Streams;

/// <summary>Ends of a stream in the words of a user.</summary>
internal static class StreamEnd
{
    /// <summary>What went wrong, as one sentence; null where nothing did.</summary>
    public static string? Text(TubusEnd? end) => end switch
    {
        TubusEnd.FlushTimedOut => "The peer did not take all that was written before the stream was closed.",
        TubusEnd.CutOffByPeer => "The peer has cut the stream off.",
        TubusEnd.ConnectTimedOut => "The peer did not answer in time.",
        TubusEnd.AcceptTimedOut => "No peer came in time.",
        TubusEnd.PeerSilent => "The peer has fallen silent.",
        TubusEnd.TooManyAttempts => "The peer does not receive what is sent.",
        TubusEnd.Aborted => "The stream was aborted.",
        _ => null,
    };
}
