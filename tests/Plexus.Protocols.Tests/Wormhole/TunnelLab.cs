using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

/// <summary>Two multiplexers, a carrier between them that holds little, and local sides that send and take as they are told.</summary>
internal sealed class TunnelLab
{
    private readonly byte[] _buffer = new byte[Multiplexer.LargestFrame];

    public TunnelLab(Multiplexer one, Multiplexer other) => (One, Other) = (new(this, one), new(this, other));

    public LabEnd One { get; }

    public LabEnd Other { get; }

    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromHours(1);

    /// <summary>How many bytes the carrier holds in each direction.</summary>
    public int Capacity { get; set; } = 1 << 20;

    /// <summary>How many bytes it gives at once.</summary>
    public int Piece { get; set; } = 16 << 10;

    public static TunnelLab OfCredit(MultiplexerLimits? limits = null)
    {
        limits ??= new();
        TunnelLab lab = new(new CreditMultiplexer(true, [], limits), new CreditMultiplexer(false, [(TunnelProtocol.Tcp, "ssh")], limits));
        lab.Run();
        return lab;
    }

    /// <summary><see cref="One"/> is the importer.</summary>
    public static TunnelLab OfClassic(MultiplexerLimits? limits = null, MultiplexerLimits? exporter = null)
    {
        limits ??= new();
        return new(
            new ClassicMultiplexer(TunnelSide.Importer, limits),
            new ClassicMultiplexer(TunnelSide.Exporter, exporter ?? limits with { HalfCloseQuiet = TimeSpan.Zero }));
    }

    /// <summary>Lets everything happen that can without time.</summary>
    public void Run()
    {
        while (Step(One, Other) | Step(Other, One)) { }
    }

    public void Wait(TimeSpan time)
    {
        for (Instant end = Now + time; Now < end;)
        {
            Now += TimeSpan.FromMilliseconds(50);
            foreach (LabEnd end1 in (LabEnd[])[One, Other])
            {
                if (end1.Core.Deadline <= Now) end1.Core.OnDeadline(Now);
                end1.TakeDismissed();
            }

            Run();
        }
    }

    private bool Step(LabEnd from, LabEnd to) => from.Transmit(_buffer, Capacity) | from.Carry(to, Piece);
}
