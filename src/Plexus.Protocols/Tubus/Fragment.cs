using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tubus;

/// <summary>Where a fragment is.</summary>
internal enum FragmentState : byte
{
    /// <summary>Sent, and counted as in flight.</summary>
    InFlight,

    /// <summary>Given up, and waiting to be sent again.</summary>
    Lost,

    /// <summary>Its echo has come; it waits for those before it.</summary>
    Acknowledged,
}

/// <summary>A piece of the stream that was sent as one move. Its boundaries never change: the original needs it so.</summary>
internal struct Fragment
{
    public long Offset;
    public int Length;
    public FragmentState State;

    /// <summary>How often it was sent.</summary>
    public int Transmissions;

    /// <summary>The number of its last transmission among all.</summary>
    public long Order;

    /// <summary>When that was.</summary>
    public Instant Sent;

    /// <summary>Its neighbours in the list of its state, by fragment number.</summary>
    public long Previous;
    public long Following;

    public RateStamp Stamp;

    /// <summary>What it takes of a datagram, with a header: the unit of what is in flight.</summary>
    public readonly int Cost => Length + Overhead;

    public const int Overhead = TubusPacket.HeaderLength + TubusWriter.NumberedLength;
}
