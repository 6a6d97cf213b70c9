using CsCheck;
using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

/// <summary>Random lives of a tunnel, and random bytes instead of one.</summary>
public sealed class MultiplexerPropertyTests
{
    private static readonly Gen<(int Kind, int Which, int Amount)[]> Lives =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 20], Gen.Int[1, 20_000]).Array[1, 80];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_byte_arrives_in_order_whatever_happens_meanwhile(bool isClassic) => Gen.Select(Lives, Gen.Int[1, 40_000], Gen.Int[1, 30_000]).Sample(
        (life, piece, capacity) =>
        {
            MultiplexerLimits limits = new() { Window = 4 << 10, LargestWindow = 64 << 10, Growth = 100 << 10, ConnectionBacklog = 15_000, TunnelBacklog = 30_000, Connections = 8 };
            TunnelLab lab = isClassic ? TunnelLab.OfClassic(limits) : TunnelLab.OfCredit(limits);
            (lab.Piece, lab.Capacity) = (piece, capacity);
            Dictionary<LabLocal, List<byte>> sent = [];
            List<LabLocal> ended = [];
            foreach ((int kind, int which, int amount) in life) Do(lab, sent, ended, isClassic, kind, which, amount);
            foreach (LabEnd end in (LabEnd[])[lab.One, lab.Other])
            {
                foreach (LabLocal local in end.Locals) local.TakesAtOnce = true;
            }

            for (int i = 0; i < 20; i++)
            {
                foreach (LabEnd end in (LabEnd[])[lab.One, lab.Other])
                {
                    foreach (LabLocal local in end.Locals.Where(one => one.Waiting.Count > 0)) end.Take(local, int.MaxValue);
                }

                lab.Wait(TimeSpan.FromSeconds(1));
            }

            Check(lab, sent, ended);
        },
        iter: 60);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Bytes_of_an_enemy_throw_nothing_and_cost_little(int core)
    {
        byte[] valid = Recorded(core);
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[1, 3000], Gen.Int[0, 200]).Sample(
            (at, value, piece, cut) =>
            {
                byte[] bytes = [.. valid[..^Math.Min(cut, valid.Length)]];
                if (at < bytes.Length) bytes[at] = value;
                Feed(Make(core), bytes, piece);
            },
            iter: 1000);
        Gen.Byte.Array[0, 4000].Sample(bytes => Feed(Make(core), bytes, 700), iter: 300);
        for (int length = 0; length < Math.Min(valid.Length, 600); length++) Feed(Make(core), valid[..length], 13);
    }

    private static void Do(
        TunnelLab lab, Dictionary<LabLocal, List<byte>> sent, List<LabLocal> ended, bool isClassic, int kind, int which, int amount)
    {
        LabEnd end = which % 2 == 0 || (isClassic && kind <= 1) ? lab.One : lab.Other;
        LabLocal? local = end.Locals.Count == 0 ? null : end.Locals[which / 2 % end.Locals.Count];
        switch (kind)
        {
            case 0 or 1:
                end.TakesAtOnce = amount % 3 != 0;
                end.Open();
                break;
            case 2 or 3 or 4 when local is not null && !ended.Contains(local):
                byte[] data = new byte[amount];
                new Random(amount).NextBytes(data);
                if (!sent.TryGetValue(local, out List<byte>? all)) sent[local] = all = [];
                all.AddRange(data);
                local.Send(data);
                break;
            case 5 when local is not null && !ended.Contains(local):
                ended.Add(local);
                local.Finish();
                break;
            case 6 when local is not null && amount % 4 == 0:
                end.Fail(local);
                break;
            case 7 when local is not null:
                end.Take(local, amount);
                break;
            default:
                lab.Run();
                break;
        }
    }

    private static void Check(TunnelLab lab, Dictionary<LabLocal, List<byte>> sent, List<LabLocal> ended)
    {
        Assert.Null(lab.One.Core.Failure);
        Assert.Null(lab.Other.Core.Failure);
        foreach ((LabEnd from, LabEnd to) in ((LabEnd, LabEnd)[])[(lab.One, lab.Other), (lab.Other, lab.One)])
        {
            foreach (LabLocal local in from.Locals)
            {
                LabLocal? peer = to.Locals.FirstOrDefault(one => one.Connection.Id == local.Connection.Id);
                if (peer is null) continue;
                List<byte> data = sent.GetValueOrDefault(local) ?? [];
                Assert.True(peer.Taken.Count <= data.Count, "more arrived than was sent");
                Assert.Equal(data[..peer.Taken.Count], peer.Taken);
                // A clean end comes after everything, or a failure is seen: never an end after a part. Only the classic exporter's
                // end closes both directions, which its framing cannot avoid.
                bool isSenderDone = ended.Contains(local) && !local.IsAborted;
                bool isReceiverThere = !peer.IsAborted && !(lab.One.Core is ClassicMultiplexer && to == lab.Other && ended.Contains(peer));
                if (isSenderDone && isReceiverThere) Assert.Equal(data.Count, peer.Taken.Count);
            }
        }
    }

    private static void Feed(Multiplexer core, byte[] bytes, int piece)
    {
        byte[] buffer = new byte[Multiplexer.LargestFrame];
        core.TryTransmit(buffer, Instant.Zero, out _);
        core.Open(TunnelProtocol.Tcp, "x", Instant.Zero);
        long waiting = 0;
        foreach (byte[] part in bytes.Chunk(piece))
        {
            ReadOnlySpan<byte> input = part;
            while (core.TryReceive(ref input, Instant.Zero, out TunnelEvent e))
            {
                if (e.Kind == TunnelEventKind.Data) waiting += e.Data.Length;
                if (e.Kind == TunnelEventKind.Opened) core.Accept(e.Connection!);
            }

            Assert.True(input.IsEmpty || core.Failure is not null);
        }

        Assert.InRange(waiting, 0, bytes.Length);
        for (int i = 0; i < 1000 && core.TryTransmit(buffer, Instant.Zero, out _); i++) { }
        while (core.TryTakeDismissed(out _)) { }
    }

    private static Multiplexer Make(int core) => core switch
    {
        0 => new ClassicMultiplexer(TunnelSide.Exporter, new()),
        1 => new ClassicMultiplexer(TunnelSide.Importer, new()),
        _ => new CreditMultiplexer(isInviter: false, [], new()),
    };

    /// <summary>What such a core hears in a short life.</summary>
    private static byte[] Recorded(int core)
    {
        TunnelLab lab = core < 2 ? TunnelLab.OfClassic() : TunnelLab.OfCredit();
        for (int i = 0; i < 5; i++)
        {
            LabLocal client = lab.One.Open()!;
            client.Send(new byte[100 * i]);
            lab.Run();
            LabLocal server = lab.Other.Locals[^1];
            server.Send(new byte[50 * i]);
            if (core == 2) lab.One.Open(TunnelProtocol.Udp)!.SendDatagram(new byte[30]);
            (i % 2 == 0 ? client : server).Finish();
            lab.Run();
        }

        return [.. core == 1 ? lab.Other.Wire : lab.One.Wire];
    }
}
