namespace Plexus.Protocols.Tubus;

/// <summary>Finds how large a datagram the path takes: a probe that is answered has passed. Packetization layer discovery, RFC 8899.</summary>
/// <remarks>
/// It speaks of UDP payloads. Probes go out in groups of sizes, so that a common path is known after one round trip. Losing one is
/// no sign of congestion. When large datagrams vanish, all go back to the base.
/// </remarks>
internal sealed class PathMtu(int largest)
{
    /// <summary>What every path takes: BASE_PLPMTU of RFC 8899 section 5.1.2.</summary>
    public const int Base = 1200;

    private const int MostAttempts = 3; // MAX_PROBES of RFC 8899 section 5.1.2
    private const int PathMtuTimeouts = 2; // So many probe timeouts in a row make a large datagram suspect.

    // PMTU_RAISE_TIMER of RFC 8899 section 5.1.1.
    private static readonly TimeSpan RaiseInterval = TimeSpan.FromMinutes(10);

    // A probe without an answer for three round trips, and so long at least, is lost.
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(200);

    // The original's largest; 1,500 less the headers of IPv6, PPPoE and both, and of IPv4; then loopback and jumbo frames.
    private static readonly int[][] Groups = [[1406, 1432, 1452, 1472], [4052, 8972], [16_356, TubusPacket.LongestDatagram]];

    private readonly (ulong Value, int Size)[] _waiting = new (ulong, int)[4]; // Probes on their way.
    private int _group;
    private int _next; // The size in the group whose probe is due.
    private int _attempt;
    private bool _isWanted;
    private bool _isSuspended; // Silence: whether the path is alive must be known before its size is asked.
    private Instant? _again;

    /// <summary>The largest UDP payload that is known to pass, in bytes.</summary>
    public int Size { get; private set; } = Math.Min(Base, largest);

    /// <summary>When lost probes are repeated, or the search begins anew; null when there is nothing to do.</summary>
    public Instant? Deadline => _isWanted && !_isSuspended ? _again : null;

    /// <summary>Tells that there is data enough to profit. An idle path is not searched.</summary>
    public void Want() => _isWanted = true;

    /// <summary>Tells that the path is alive.</summary>
    public void OnProgress() => _isSuspended = false;

    /// <summary>Gives the probe to be sent now.</summary>
    /// <param name="random">The value of its ping.</param>
    /// <param name="size">Its length as UDP payload.</param>
    public bool TryTakeProbe(Func<ulong> random, Instant now, TimeSpan roundTrip, out int size, out ulong value)
    {
        (size, value) = (0, 0);
        if (!_isWanted || _isSuspended) return false;
        if (_again <= now) OnDeadline(now);
        if (_group >= Groups.Length) return false;
        int[] group = Groups[_group];
        while (_next < group.Length && (group[_next] <= Size || group[_next] > largest)) _next++;
        if (_next < group.Length)
        {
            size = group[_next];
            value = random();
            _waiting[_next++] = (value, size);
            TimeSpan patience = roundTrip * 3;
            _again = now + (patience > LeastPatience ? patience : LeastPatience);
            return true;
        }

        if (_again is null) NextGroup(now);
        return false;
    }

    /// <summary>Takes the answer to a ping, which may have been a probe.</summary>
    /// <returns>Whether a larger size is known to pass.</returns>
    public bool OnEcho(ulong value, Instant now)
    {
        for (int i = 0; i < _waiting.Length; i++)
        {
            if (_waiting[i].Size == 0 || _waiting[i].Value != value) continue;
            int size = _waiting[i].Size;
            _waiting[i] = default;
            if (size <= Size) return false;
            Size = size;
            if (_group < Groups.Length && size >= Math.Min(largest, Groups[_group][^1])) NextGroup(now);
            return true;
        }

        return false;
    }

    /// <summary>Tells that nothing came back for long, and how often in a row.</summary>
    /// <returns>Whether large datagrams are suspected of vanishing: all go back to the base.</returns>
    public bool OnProbeTimeout(int inARow)
    {
        if (inARow < PathMtuTimeouts || Size <= Base) return false;
        Size = Base;
        Restart();
        _isSuspended = true;
        return true;
    }

    private void OnDeadline(Instant now)
    {
        _again = null;
        if (_group >= Groups.Length) Restart();
        else if (++_attempt < MostAttempts) _next = 0;
        else Finish(now);
    }

    private void NextGroup(Instant now)
    {
        _group++;
        _next = _attempt = 0;
        _again = null;
        if (_group < Groups.Length && Groups[_group][0] <= largest) return;
        Finish(now);
    }

    private void Restart()
    {
        _group = _next = _attempt = 0;
        _again = null;
        Array.Clear(_waiting);
    }

    private void Finish(Instant now)
    {
        _group = Groups.Length;
        _again = now + RaiseInterval;
        _isWanted = false;
    }
}
