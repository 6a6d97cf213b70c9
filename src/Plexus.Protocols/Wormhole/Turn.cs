namespace Plexus.Protocols.Wormhole;

/// <summary>What goes to the carrier next.</summary>
/// <param name="Length">Bytes of whole frames that stand at the start of the buffer.</param>
/// <param name="Connection">
/// Whose turn it is to send data; null for nobody's. The driver reads up to <paramref name="Room"/> bytes from its local side to where they
/// belong, <see cref="Multiplexer.HeaderLength"/> behind those frames, and calls <see cref="Multiplexer.Complete"/>.
/// </param>
/// <param name="Room">How many bytes it may send now.</param>
internal readonly record struct Turn(int Length, MultiplexedConnection? Connection, int Room);
