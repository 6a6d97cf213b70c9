using System.Net;

namespace Plexus.Lab;

/// <summary>What is bound to a port of a host: a shell's socket, or a core.</summary>
internal abstract class LabPort(IPEndPoint local)
{
    public IPEndPoint LocalEndPoint { get; } = local;

    /// <summary>False while its buffer is full.</summary>
    internal abstract bool CanTake { get; }

    /// <summary>True while somebody waits for a datagram.</summary>
    internal abstract bool IsWaiting { get; }

    internal abstract void Take(LabPacket packet);
}
