using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>A value that follows in parts.</summary>
/// <param name="Index">Its place in the list of values, by which parts name it.</param>
/// <param name="Size">The length of its packed form, 1 to <see cref="DhtValue.MaxPackedSize"/> bytes.</param>
internal readonly record struct AnnouncedValue(int Index, int Size);
