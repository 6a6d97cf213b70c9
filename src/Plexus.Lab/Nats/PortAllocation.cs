namespace Plexus.Lab.Nats;

/// <summary>How a NAT chooses the outer port of a new mapping, RFC 4787 section 4.2.</summary>
internal enum PortAllocation
{
    /// <summary>The inner port where it is free, else a random one.</summary>
    Preserving,

    /// <summary>The port before plus <see cref="NatProfile.PortStep"/>.</summary>
    Sequential,

    /// <summary>Any port.</summary>
    Random,

    /// <summary>Any port of a block that the inner address got, as carrier NATs do (RFC 7422).</summary>
    Block,

    /// <summary>Any port with the inner port's parity, RFC 4787 section 4.2.2.</summary>
    Parity,
}
