namespace Plexus.Protocols.Kademlia.Values;

/// <summary>The value types that storage nodes know. Any other number is treated as user data.</summary>
internal static class DhtValueType
{
    public const ushort UserData = 0;
    public const ushort Message = 1;
    public const ushort IpServiceAnnouncement = 2;
    public const ushort InstantMessage = 3;
    public const ushort TrustRequest = 4;
    public const ushort IceCandidates = 5;
    public const ushort Certificate = 8;
}
