namespace Plexus.Protocols.Tubus;

/// <summary>Where a channel is in its life.</summary>
internal enum TubusState
{
    /// <summary>Asks for a link.</summary>
    Connecting,

    /// <summary>Waits for a link.</summary>
    Accepting,

    /// <summary>Data flows.</summary>
    Linked,

    /// <summary>Waits for the echoes of all that was written, and then for that of its tear.</summary>
    Closing,

    /// <summary>Over; <see cref="TubusChannel.End"/> tells why. It still answers a repeated tear.</summary>
    Closed,
}
