namespace Plexus.Lab.Namespaces;

/// <summary>Which external port a NAT of the kernel gives to a new mapping.</summary>
internal enum PortChoice
{
    /// <summary>The internal port while it is free: mapping behaves endpoint-independently.</summary>
    Preserving,

    /// <summary>A random one for each destination: mapping is address-and-port-dependent.</summary>
    Random,

    /// <summary>A random one of <see cref="NatRecipe.Block"/> for each destination, as carriers do.</summary>
    RandomInBlock,

    /// <summary>The next one of <see cref="NatRecipe.Block"/> for each destination.</summary>
    Sequential,
}
