using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Dht;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Lab;
using Plexus.Protocols.Stun;
using Plexus.Rendezvous.Dht;
using Plexus.Sockets;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>An internet in memory with all that a run needs: STUN servers, a DHT, and alice and bob with their identities.</summary>
internal sealed class World : IDisposable
{
    public const string AppId = "whole-way";

    private static readonly string[] StunAddresses = ["198.51.100.1", "198.51.100.2", "203.0.113.3"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<(string Address, LabHost Host)> _stunHosts = [];

    public World(int seed = 1, int dhtNodes = 3)
    {
        Internet = new Internet(seed);
        Log = new RecordingLoggerFactory(Internet.Clock);
        foreach (string address in StunAddresses) _stunHosts.Add((address, Internet.AddHost($"stun-{address}", address)));
        for (int i = 0; i < dhtNodes; i++) DhtHosts.Add(Internet.AddHost($"dht-{i}", $"203.0.113.{50 + i}"));
        SampleKeys.Install(_folder["alice"], ["alice", "bob", "carol"], "alice");
        SampleKeys.Install(_folder["bob"], ["alice", "bob", "carol"], "bob");
        SampleKeys.Install(_folder["carol"], ["alice", "bob", "carol"], "carol");
    }

    public Internet Internet { get; }

    public List<LabHost> DhtHosts { get; } = [];

    public List<DhtNode> DhtNodes { get; } = [];

    public RecordingLoggerFactory Log { get; }

    public IReadOnlyList<EndpointName> StunServers { get; init; } = [.. StunAddresses.Select(a => new EndpointName(a, 3478))];

    private IReadOnlyList<EndpointName> Bootstrap => [new EndpointName(DhtHosts[0].Address.ToString(), 4222)];

    /// <summary>One of alice, bob and carol on a host of the laboratory.</summary>
    public Side AddSide(string who, LabHost host, Func<PlexusHostOptions, PlexusHostOptions>? change = null)
    {
        IdentityRepository repository = new(_folder[who], Internet.Clock);
        IdentityName name = who switch { "alice" => SampleKeys.Alice, "bob" => SampleKeys.Bob, _ => SampleKeys.Carol };
        DhtRendezvous rendezvous = new(
            repository, new DhtRendezvousOptions { AppId = AppId, Bootstrap = Bootstrap }, host, host.Clock, Log.For(who));
        PlexusHostOptions options = new() { StunServers = StunServers };
        PlexusHost plexus = new(
            repository.LoadHost(name), rendezvous, change?.Invoke(options) ?? options, host, host.Clock, Log.For(who));
        return new Side(plexus, rendezvous, repository);
    }

    /// <summary>Runs a scenario in virtual time, with the servers up.</summary>
    public void Run(Func<Task> scenario, TimeSpan? limit = null)
    {
        try
        {
            RunInside(scenario, limit ?? TimeSpan.FromMinutes(10));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(e.Message + "\n" + string.Join('\n', Log.Lines.TakeLast(60)), e);
        }
    }

    private void RunInside(Func<Task> scenario, TimeSpan limit) => Internet.Run(
        async () =>
        {
            using CancellationTokenSource stop = new();
            List<Task> serving = [.. _stunHosts.Select(s => ServeStunAsync(s.Address, s.Host, stop.Token))];
            foreach (LabHost host in DhtHosts) DhtNodes.Add(await StartDhtNodeAsync(host));
            await Task.Delay(TimeSpan.FromSeconds(30), Internet.Clock, CancellationToken.None); // The DHT finds itself.
            try
            {
                await scenario();
            }
            finally
            {
                stop.Cancel();
                foreach (DhtNode node in DhtNodes) await node.DisposeAsync();
                await Task.WhenAll(serving);
            }
        },
        limit);

    public Task<DhtNode> StartDhtNodeAsync(LabHost host) => DhtNode.StartAsync(
        new DhtNodeOptions { Bootstrap = host == DhtHosts[0] ? [] : Bootstrap }, host, host.Clock, NullLoggerFactory.Instance);

    public void Dispose()
    {
        Internet.Dispose();
        _folder.Dispose();
    }

    private static async Task ServeStunAsync(string address, LabHost host, CancellationToken cancellationToken)
    {
        StunServer server = new(new StunServerSockets(IPAddress.Parse(address), 3478));
        await using StunUdpListener listener = new(server, host, host.Clock);
        await listener.RunAsync(cancellationToken);
    }
}
