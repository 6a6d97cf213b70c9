namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>Tells when more sending gives no more delivery: BBRCheckFullBWReached, draft-ietf-ccwg-bbr-01 section 5.3.1.2.</summary>
internal sealed class FullBandwidth
{
    private const double Growth = 1.25; // less in a round trip is none
    private const int Rounds = 3; // so many without growth: a late window update or a loss must not end the startup

    private double _bandwidth;
    private int _rounds;

    /// <summary>BBR.full_bw_now.</summary>
    public bool IsReached { get; private set; }

    /// <summary>Begins anew from a rate, bytes a second.</summary>
    public void Reset(double bandwidth)
    {
        _bandwidth = bandwidth;
        _rounds = 0;
        IsReached = false;
    }

    /// <summary>Takes the greatest rate of a round trip that was not limited by the application.</summary>
    public void OnRound(double bandwidth)
    {
        if (IsReached) return;
        if (bandwidth >= _bandwidth * Growth) Reset(bandwidth);
        else IsReached = ++_rounds >= Rounds;
    }
}
