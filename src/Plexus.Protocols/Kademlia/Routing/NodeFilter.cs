namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>Which nodes a look-up in the <see cref="NodeTable"/> gives; clients and expired nodes never.</summary>
internal enum NodeFilter
{
    /// <summary>Nodes worth asking: not expired.</summary>
    Usable,

    /// <summary>Nodes worth telling others of: heard and answering lately.</summary>
    Good,
}
