using System.Diagnostics;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>A thousand nodes, of which a fifth dies or falls silent: do values still find their way, and at what cost?</summary>
public sealed class KademliaNetworkTests(ITestOutputHelper output)
{
    private const int Rounds = 200;

    [Fact]
    public void Values_find_their_way_in_a_thousand_nodes_of_which_a_fifth_is_dead()
    {
        Stopwatch clock = Stopwatch.StartNew();
        KademliaLab lab = new(seed: 3, loss: 0.01);
        List<LabNode> nodes = lab.Grow(1000, settle: TimeSpan.FromMinutes(6));
        output.WriteLine($"{lab.Datagrams} datagrams in {lab.Now}, {clock.Elapsed.TotalSeconds:0.0} s of ours");
        output.WriteLine($"table {nodes.Average(n => n.Node.RoutingTableSize):0}, known {nodes.Average(n => n.Node.Load.Nodes):0}");

        KademliaMeasurement measurement = new(lab, nodes);
        measurement.Strike(0.2);
        measurement.Run(Rounds);
        output.WriteLine(measurement.ToString());
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s of ours");
        Assert.True(measurement.Heard >= 0.99 * Rounds);
        Assert.True(measurement.Got >= 0.99 * Rounds);
        Assert.InRange(measurement.MeanHops, 1, 6); // log2(1,000) / 3 answers of eight nodes each, and some for the dead.
        Assert.InRange(measurement.MeanGetDatagrams, 8, 25);
        Assert.InRange(measurement.MeanPutDatagrams, 16, 40);
        Assert.InRange(measurement.MeanListenDatagrams, 12, 40);
    }
}
