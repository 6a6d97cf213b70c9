using CsCheck;
using Plexus.Lab;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>Whatever two users and the path do, what was written arrives, in order, and a close ends it.</summary>
public sealed class TubusSequenceTests
{
    private enum Step
    {
        ClientWrites, ServerWrites, ClientReads, ServerReads, Pass, Loss, Jitter, Outage, OneWay, Narrow, Slow, Restore,
    }

    [Fact]
    public void Everything_arrives_after_any_sequence() =>
        Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 1000]).Array[1, 30].Select(Gen.Int[0, 3], Gen.Bool, Gen.Int[1, 10_000])
            .Sample((steps, closers, masks, seed) => Run(steps, closers, masks, seed), iter: 150, time: -1);

    private static void Run((Step Step, int Amount)[] steps, int closers, bool masks, int seed)
    {
        using TubusLab lab = new(TubusLab.Line, masks ? TubusLab.Secret : 0, seed, new() { SilenceLimit = TimeSpan.FromHours(1) });
        Assert.True(lab.RunUntil(() => lab.ClientChannel.State == TubusState.Linked && lab.ServerChannel.IsValidated, 1));
        foreach ((Step step, int amount) in steps)
        {
            Do(lab, step, amount);
            lab.Wake();
        }

        lab.SetLine(TubusLab.Line);
        lab.Client.IsReading = lab.Server.IsReading = true;
        lab.Wake();
        Assert.True(
            lab.RunUntil(() => lab.Server.Read == lab.Client.ToWrite && lab.Client.Read == lab.Server.ToWrite, 60),
            $"{lab.Server.Read} of {lab.Client.ToWrite}, {lab.Client.Read} of {lab.Server.ToWrite}; {lab.ClientChannel.State} {lab.ServerChannel.State}");
        Assert.Equal((-1, -1), (lab.Client.WrongAt, lab.Server.WrongAt));
        if ((closers & 1) != 0) lab.ClientChannel.Close(lab.Now);
        if ((closers & 2) != 0) lab.ServerChannel.Close(lab.Now);
        lab.Wake();
        lab.Pass(30);
        if (closers == 0) Assert.Equal((TubusState.Linked, TubusState.Linked), (lab.ClientChannel.State, lab.ServerChannel.State));
        else Assert.Equal((TubusState.Closed, TubusState.Closed), (lab.ClientChannel.State, lab.ServerChannel.State));
        long sent = lab.ClientHost.SentCount + lab.ServerHost.SentCount;
        lab.Pass(60);
        Assert.InRange(lab.ClientHost.SentCount + lab.ServerHost.SentCount - sent, 0, closers == 0 ? 20 : 0); // Quiet, but for pings.
    }

    private static void Do(TubusLab lab, Step step, int amount)
    {
        LabLink line = lab.ClientHost.Link;
        switch (step)
        {
            case Step.ClientWrites:
                lab.Client.ToWrite += amount * (long)amount;
                break;
            case Step.ServerWrites:
                lab.Server.ToWrite += amount * (long)amount;
                break;
            case Step.ClientReads:
                lab.Client.IsReading = amount % 2 == 0;
                break;
            case Step.ServerReads:
                lab.Server.IsReading = amount % 2 == 0;
                break;
            case Step.Pass:
                lab.Pass(amount / 200.0);
                break;
            case Step.Loss:
                lab.SetLine(line with { Loss = amount / 4000.0, Duplication = amount / 5000.0 });
                break;
            case Step.Jitter:
                lab.SetLine(line with { Jitter = TimeSpan.FromMilliseconds(amount / 10.0), Reordering = amount / 3000.0 });
                break;
            case Step.Outage:
                lab.SetLine(line with { Loss = 1 });
                lab.Pass(amount / 50.0);
                lab.SetLine(line);
                break;
            case Step.OneWay:
                lab.ServerHost.Link = line with { Loss = 1 };
                lab.Pass(amount / 100.0);
                lab.ServerHost.Link = line;
                break;
            case Step.Narrow:
                lab.SetLine(line with { Mtu = amount % 3 == 0 ? 1300 : amount % 3 == 1 ? 9000 : 1500 });
                break;
            case Step.Slow:
                lab.SetLine(line with { BitsPerSecond = 1_000_000 + (amount * 100_000L) });
                break;
            default:
                lab.SetLine(TubusLab.Line);
                break;
        }
    }
}
