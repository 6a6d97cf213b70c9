using System.Diagnostics;
using Plexus.Protocols;
using Plexus.Protocols.Tests.Kademlia;

namespace Plexus.Bench;

/// <summary>Ten thousand DHT nodes in memory: what values need to find their way, and what a node weighs.</summary>
internal static class KademliaBench
{
    public static int Run(Options options)
    {
        int count = (int)options.Number("nodes", 10_000);
        int rounds = (int)options.Number("rounds", 200);
        double gone = options.Number("gone", 20) / 100;
        double behindNat = options.Number("nat", 0) / 100;
        double loss = options.Number("loss", 1) / 100;
        Console.WriteLine($"{count} nodes, {behindNat:P0} behind NATs; {gone:P0} die or fall silent at once; {loss:P0} of datagrams are lost; 20 to 180 ms round trip");

        long before = GC.GetTotalMemory(forceFullCollection: true);
        Stopwatch clock = Stopwatch.StartNew();
        KademliaLab lab = new(seed: (int)options.Number("seed", 1), loss);
        List<LabNode> nodes = lab.Grow(count, settle: TimeSpan.FromMinutes(options.Number("settle", 6)), behindNat);
        double seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine(
            $"grown in {lab.Now.SinceStart.TotalMinutes:0.0} min of theirs, {seconds:0} s of ours: {lab.Datagrams} datagrams, "
            + $"{lab.Datagrams / lab.Now.SinceStart.TotalSeconds / count:0.00} a second and node, {seconds / lab.Datagrams * 1e6:0} µs each");
        Console.WriteLine(
            $"{(GC.GetTotalMemory(forceFullCollection: true) - before) / count / 1000.0:0.0} kB a node, the laboratory's part included; "
            + $"routing table {nodes.Average(n => n.Node.RoutingTableSize):0.0}, known {nodes.Average(n => n.Node.Load.Nodes):0.0}");

        KademliaMeasurement measurement = new(lab, nodes);
        measurement.Strike(gone);
        Instant struck = lab.Now;
        measurement.Run(rounds);
        Console.WriteLine(measurement);
        Console.WriteLine($"{(lab.Now - struck).TotalMinutes:0.0} min of theirs, {clock.Elapsed.TotalSeconds - seconds:0} s of ours");
        return measurement.Heard >= 0.99 * rounds && measurement.Got >= 0.99 * rounds ? 0 : 1;
    }
}
