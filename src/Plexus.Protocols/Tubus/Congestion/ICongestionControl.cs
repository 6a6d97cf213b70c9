namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Decides how much may be in flight and how fast it is sent. Knows no packets, only bytes and times.</summary>
/// <remarks>
/// A sender asks <see cref="Window"/> and <see cref="BytesPerSecond"/> (through a <see cref="Pacer"/>) before each batch, and
/// calls the methods in the order in which things happen. A probe after silence may exceed the window.
/// </remarks>
internal interface ICongestionControl
{
    /// <summary>Bytes that may be in flight (cwnd).</summary>
    long Window { get; }

    /// <summary>The pacing rate; positive infinity where nothing is to be paced, as before the first round trip is known.</summary>
    double BytesPerSecond { get; }

    /// <summary>Whether it still looks for the path's limit for the first time (slow start, BBR's startup).</summary>
    bool IsStarting { get; }

    /// <summary>The largest datagram in use, in bytes (SMSS). It changes when path MTU discovery has found a larger one.</summary>
    int DatagramLength { get; set; }

    /// <summary>Tells of a transmission.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="inFlight">Bytes in flight before it.</param>
    /// <param name="now">The time.</param>
    void OnSent(int bytes, long inFlight, Instant now);

    /// <summary>Tells what echoes and detected losses say.</summary>
    void OnFeedback(in Feedback feedback);

    /// <summary>Tells that a probe timeout passed without any echo, once for each in a row.</summary>
    void OnProbeTimeout(Instant now);
}
