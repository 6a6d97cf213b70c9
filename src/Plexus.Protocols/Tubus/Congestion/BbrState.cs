namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>What <see cref="BbrControl"/> is doing: draft-ietf-ccwg-bbr-01 section 4.3.</summary>
internal enum BbrState
{
    /// <summary>Doubles the rate each round trip until the path gives no more.</summary>
    Startup,

    /// <summary>Lets the queue run empty that startup has made.</summary>
    Drain,

    /// <summary>Sends a little less than the path carries, so that queues drain and others find room.</summary>
    ProbeDown,

    /// <summary>Sends what the path carries.</summary>
    ProbeCruise,

    /// <summary>Forgets the short-term bounds, and fills the path for a round trip before the probe.</summary>
    ProbeRefill,

    /// <summary>Sends more, to see whether the path carries more.</summary>
    ProbeUp,

    /// <summary>Sends little for a moment, to see the path without a queue.</summary>
    ProbeRoundTrip,
}
