namespace Plexus.Lab.Nats;

/// <summary>What a NAT does with traffic from inside to its own outer addresses, RFC 4787 section 6.</summary>
internal enum HairpinBehavior
{
    /// <summary>Drops it.</summary>
    None,

    /// <summary>Turns it round, with the sender's outer endpoint as its source: the behaviour that RFC 4787 asks for.</summary>
    ExternalSource,

    /// <summary>Turns it round, with the sender's inner endpoint as its source.</summary>
    InternalSource,
}
