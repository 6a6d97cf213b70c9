namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>The address families whose nodes a request wants named.</summary>
[Flags]
internal enum WantedFamilies
{
    None = 0,
    V4 = 1,
    V6 = 2,
    Both = V4 | V6,
}
