namespace Plexus.Protocols.Stun;

/// <summary>What a NAT's mapping or filtering depends on, in the words of RFC 4787 sections 4.1 and 5.</summary>
public enum NatDependency
{
    /// <summary>Not found out.</summary>
    Unknown,

    /// <summary>Mapping: one outer endpoint for all destinations. Filtering: anyone may send.</summary>
    EndpointIndependent,

    /// <summary>Mapping: another outer endpoint for each destination address. Filtering: only addresses that were sent to.</summary>
    AddressDependent,

    /// <summary>Mapping: another outer endpoint for each destination. Filtering: only endpoints that were sent to.</summary>
    AddressAndPortDependent,
}
