using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>Why there is no connection, in words for the log.</summary>
internal static class TunnelSentence
{
    /// <param name="reason">The reason, of ours or the peer's.</param>
    /// <param name="text">What the peer said; may be empty.</param>
    public static string For(TunnelReason reason, string text)
    {
        string sentence = reason switch
        {
            TunnelReason.None => "it was closed",
            TunnelReason.Closing => "the tunnel is being ended",
            TunnelReason.NoSuchService => "the peer exports no such service",
            TunnelReason.Unreachable => "the service cannot be reached",
            TunnelReason.TimedOut => "the service did not answer in time",
            TunnelReason.TooMany => "too many connections are open",
            TunnelReason.Reset => "the connection on the other side failed",
            TunnelReason.Stalled => "nothing was taken for too long",
            TunnelReason.Violation => "the rules of the tunnel were broken",
            TunnelReason.Idle => "nothing came for a while",
            TunnelReason.Version => "there is no common version",
            _ => $"reason {(int)reason}",
        };
        return text.Length == 0 ? sentence : $"{sentence}: {text}";
    }
}
