using System.Buffers.Binary;
using System.Net;

namespace Plexus.Protocols.Punch;

/// <summary>Where the peer's frames come from: the endpoint of the plan, or another port of its address.</summary>
internal sealed class PunchSource(IPEndPoint endPoint, bool isPlanned)
{
    // More than a peer that knocks every 1.6 s gets in a minute.
    private const int MostAnswers = 48;

    private ulong _first;
    private int _distinct;
    private int _answers;

    public IPEndPoint EndPoint { get; } = endPoint;

    public bool IsPlanned { get; } = isPlanned;

    /// <summary>An unplanned source that has sent junk: no peer of ours.</summary>
    public bool IsSpoiled { get; private set; }

    /// <summary>Where the peer hears us, when a frame from here said so before we had ever sent here; else null.</summary>
    public PunchSource? HeardAt { get; private set; }

    public bool HeardUs { get; private set; }

    /// <summary>Whether frames from here come from the peer: see docs/protocols/handshake.md for the odds.</summary>
    public bool IsProved => HeardUs && (IsPlanned || (_distinct > 1 && !IsSpoiled));

    public Instant? LastSent { get; private set; }

    /// <summary>Takes a valid frame from here.</summary>
    /// <param name="frame">Its octets.</param>
    /// <param name="heardUs">Its flag.</param>
    /// <param name="sentLast">The source that we have answered last, or the planned one.</param>
    public void Take(ReadOnlySpan<byte> frame, bool heardUs, PunchSource sentLast)
    {
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame);
        if (_distinct == 0) _first = number;
        if (_distinct == 0 || (_distinct == 1 && number != _first)) _distinct++;
        if (heardUs && LastSent is null && !IsPlanned) HeardAt ??= sentLast;
        HeardUs |= heardUs;
    }

    public void Spoil() => IsSpoiled = !IsPlanned;

    /// <summary>Counts an answer; false when this source has had enough of them.</summary>
    public bool TryAnswer()
    {
        if (IsSpoiled || (!IsPlanned && _answers >= MostAnswers)) return false;
        _answers++;
        return true;
    }

    public void Sent(Instant now) => LastSent = now;
}
