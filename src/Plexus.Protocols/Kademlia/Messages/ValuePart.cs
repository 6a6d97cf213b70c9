namespace Plexus.Protocols.Kademlia.Messages;

/// <summary>A piece of a packed value.</summary>
/// <param name="Index">The value's place in the list that announced it.</param>
/// <param name="Offset">Where the piece belongs, in bytes.</param>
/// <param name="Data">The piece; never empty.</param>
internal readonly record struct ValuePart(int Index, int Offset, ReadOnlyMemory<byte> Data);
