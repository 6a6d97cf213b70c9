namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>The error codes that appear on the wire.</summary>
internal static class KademliaError
{
    /// <summary>A key is missing or zero, or a value id is zero.</summary>
    public const uint Incomplete = 203;

    /// <summary>The write token is wrong.</summary>
    public const uint WrongToken = 401;

    /// <summary>Nothing is stored under this key.</summary>
    public const uint NotFound = 404;
}
