using System.Net;

namespace Plexus.Lab.Nats;

/// <summary>Chooses outer ports.</summary>
internal sealed class PortAllocator(Internet internet, NatProfile profile)
{
    private const int MostTries = 200_000; // More than there are ports: the range is full.

    private readonly Dictionary<IPAddress, int> _blocks = [];
    private int? _last;

    /// <summary>Chooses a port that is free.</summary>
    /// <param name="inner">The inner endpoint.</param>
    /// <param name="isFree">Tells whether a port may be had.</param>
    /// <param name="port">The port.</param>
    /// <returns>False when there is none.</returns>
    public bool TryAllocate(IPEndPoint inner, Func<int, bool> isFree, out int port)
    {
        for (int attempt = 0; attempt < MostTries; attempt++)
        {
            port = profile.Allocation switch
            {
                PortAllocation.Preserving when attempt == 0 => inner.Port,
                PortAllocation.Sequential => NextInRow(),
                PortAllocation.Block => BlockOf(inner.Address) + internet.Next(0, profile.BlockSize),
                PortAllocation.Parity => WithParityOf(inner.Port),
                _ => AnyPort(),
            };
            if (port >= profile.Ports.First && port <= profile.Ports.Last && isFree(port)) return true;
        }

        port = 0;
        return false;
    }

    private int AnyPort() => internet.Next(profile.Ports.First, profile.Ports.Last + 1);

    private int NextInRow()
    {
        int size = profile.Ports.Last - profile.Ports.First + 1;
        int offset = (_last ?? AnyPort()) - profile.Ports.First + profile.PortStep;
        int next = profile.Ports.First + (((offset % size) + size) % size);
        _last = next;
        return next;
    }

    private int WithParityOf(int innerPort)
    {
        int port = AnyPort();
        if ((port & 1) == (innerPort & 1)) return port;
        return port < profile.Ports.Last ? port + 1 : port - 1;
    }

    private int BlockOf(IPAddress inner)
    {
        if (_blocks.TryGetValue(inner, out int first)) return first;
        // Blocks are aligned to their size, as carriers cut them.
        int firstBlock = (profile.Ports.First + profile.BlockSize - 1) / profile.BlockSize;
        int lastBlock = ((profile.Ports.Last + 1) / profile.BlockSize) - 1;
        first = internet.Next(firstBlock, Math.Max(firstBlock, lastBlock) + 1) * profile.BlockSize;
        _blocks.Add(inner, first);
        return first;
    }
}
