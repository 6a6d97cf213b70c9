using System.Net;

namespace Plexus.Protocols.Punch;

/// <summary>Several handshakes over one socket, of which the first that opens wins.</summary>
/// <remarks>
/// An inviter may get several answers: the peer answered a repetition anew, or somebody replays an answer of another day,
/// which no signature forbids. All of them are tried; only the true one can open, since each has a secret of its own.
/// </remarks>
internal sealed class PunchRace : IDatagramProtocol
{
    /// <summary>8: an inviter repeats itself about as often. A replay costs some 40 datagrams of 8 bytes to the peer's own addresses.</summary>
    public const int MostContenders = 8;

    private readonly List<PunchHandshake> _contenders = [];

    /// <summary>The handshake that is open; null before.</summary>
    public PunchHandshake? Winner { get; private set; }

    /// <summary>Whether all have run out of time.</summary>
    public bool HasExpired => Winner is null && _contenders.TrueForAll(static c => c.State == PunchState.Expired);

    /// <summary>What all contenders together have sent and heard.</summary>
    public PunchStatistics Statistics => new(
        _contenders.Sum(static c => c.Statistics.Sent),
        _contenders.Sum(static c => c.Statistics.Heard),
        _contenders.Count == 0 ? 0 : _contenders.Min(static c => c.Statistics.Junk),
        _contenders.Count == 0 ? 0 : _contenders.Min(static c => c.Statistics.Strangers));

    public Instant? Deadline
    {
        get
        {
            if (Winner is not null) return Winner.Deadline;
            Instant? earliest = null;
            foreach (PunchHandshake contender in _contenders) earliest = Instant.Earliest(earliest, contender.Deadline);
            return earliest;
        }
    }

    /// <summary>Lets one more handshake run. In a full race it takes the place of the oldest one that has heard nothing.</summary>
    /// <returns>False when the race is decided, or full of handshakes that somebody answers.</returns>
    public bool TryAdd(PunchHandshake contender)
    {
        if (Winner is not null) return false;
        if (_contenders.Count == MostContenders)
        {
            int silent = _contenders.FindIndex(static c => c.Statistics.Heard == 0);
            if (silent < 0) return false;
            _contenders.RemoveAt(silent);
        }

        _contenders.Add(contender);
        return true;
    }

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (Winner is not null)
        {
            Winner.OnDatagram(datagram, from, now);
            return;
        }

        foreach (PunchHandshake contender in _contenders) contender.OnDatagram(datagram, from, now);
        Decide();
    }

    public void OnDeadline(Instant now)
    {
        if (Winner is not null)
        {
            Winner.OnDeadline(now);
            return;
        }

        foreach (PunchHandshake contender in _contenders) contender.OnDeadline(now);
        Decide();
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (Winner is not null) return Winner.TryTransmit(buffer, now, out transmit);
        foreach (PunchHandshake contender in _contenders)
        {
            if (contender.TryTransmit(buffer, now, out transmit)) return true;
        }

        return false;
    }

    private void Decide() => Winner = _contenders.Find(static c => c.State == PunchState.Open);
}
