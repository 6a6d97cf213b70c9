namespace Plexus.Dht;

/// <summary>How well our node is connected, over its better address family.</summary>
internal enum DhtStatus
{
    /// <summary>Nobody is known who could be asked.</summary>
    Disconnected,

    /// <summary>Names are being resolved, or somebody is asked and has not answered.</summary>
    Connecting,

    /// <summary>At least one node answers.</summary>
    Connected,
}
