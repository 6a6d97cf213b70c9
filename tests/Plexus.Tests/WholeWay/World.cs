using System.Net;
using Plexus.Dht;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Protocols.Stun;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Dht;
using Plexus.Sockets;
using Plexus.Tests.Identities;

namespace Plexus.Tests.WholeWay;

/// <summary>An internet in memory with all that a run needs: STUN servers, a DHT, and alice and bob with their identities.</summary>
internal sealed class World : IDisposable
{
    public const string AppId = "whole-way";

    private const string FirstDhtAddress = "203.0.113.50";

    private static readonly string[] StunAddresses = ["198.51.100.1", "198.51.100.2", "203.0.113.3"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<(string Address, LabHost Host)> _stunHosts = [];

    public World(int seed = 1, int dhtNodes = 3)
    {
        Internet = new Internet(seed);
        Log = new RecordingLoggerFactory(Internet.Clock);
        foreach (string address in StunAddresses) _stunHosts.Add((address, Internet.AddHost($"stun-{address}", address)));
        for (int i = 0; i < dhtNodes; i++) DhtHosts.Add(Internet.AddHost($"dht-{i}", i < 20 ? $"203.0.113.{50 + i}" : $"198.51.100.{100 + i}"));
        SampleKeys.Install(_folder["alice"], ["alice", "bob", "carol"], "alice");
        SampleKeys.Install(_folder["bob"], ["alice", "bob", "carol"], "bob");
        SampleKeys.Install(_folder["carol"], ["alice", "bob", "carol"], "carol");
    }

    public Internet Internet { get; }

    public List<LabHost> DhtHosts { get; } = [];

    public List<DhtNode> DhtNodes { get; } = [];

    public RecordingLoggerFactory Log { get; }

    public IReadOnlyList<EndpointName> StunServers { get; init; } = [.. StunAddresses.Select(a => new EndpointName(a, 3478))];

    /// <summary>The first of the DHT nodes, unless a test says otherwise.</summary>
    public IReadOnlyList<EndpointName> Bootstrap { get; init; } = [new EndpointName(FirstDhtAddress, 4222)];

    /// <summary>By how much bob's clock is ahead.</summary>
    public TimeSpan InviterSkew { get; init; }

    /// <summary>Makes the first STUN server, which is the nearest, tell everybody a wrong endpoint.</summary>
    public bool LyingStunServer { get; init; }

    /// <summary>One of alice, bob and carol on a host of the laboratory.</summary>
    public Side AddSide(
        string who, LabHost host, Func<PlexusHostOptions, PlexusHostOptions>? change = null, Func<IRendezvous, IRendezvous>? wrap = null)
    {
        IdentityRepository repository = new(_folder[who], Internet.Clock);
        IdentityName name = who switch { "alice" => SampleKeys.Alice, "bob" => SampleKeys.Bob, _ => SampleKeys.Carol };
        DhtRendezvous rendezvous = new(
            repository, new DhtRendezvousOptions { AppId = AppId, Bootstrap = Bootstrap }, host, host.Clock, Log.For(who));
        PlexusHostOptions options = new() { StunServers = StunServers };
        PlexusHost plexus = new(
            repository.LoadHost(name), wrap?.Invoke(rendezvous) ?? rendezvous, change?.Invoke(options) ?? options, host, host.Clock, Log.For(who));
        return new Side(plexus, rendezvous, repository, repository.LoadHost(name));
    }

    /// <summary>Alice and bob, each behind a port-restricted NAT.</summary>
    public (Side Acceptor, Side Inviter) AddPair(LabLink? line = null)
    {
        LabNat home = Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50");
        LabNat away = Internet.AddNat("away", NatProfile.PortRestricted, "203.0.113.80");
        if (line is not null) home.Link = away.Link = line;
        LabHost bob = away.AddHost("bob", "192.168.1.2");
        bob.Skew = InviterSkew;
        return (AddSide("alice", home.AddHost("alice", "192.168.1.2")), AddSide("bob", bob));
    }

    public string FileOf(string side, params string[] parts) => _folder[[side, .. parts]];

    public byte[] KeyOf(string who) => new IdentityRepository(_folder[who]).LoadHost(
        who == "alice" ? SampleKeys.Alice : SampleKeys.Bob).SubjectPublicKeyInfo.ToArray();

    public Task After(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Internet.Clock);

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
        new DhtNodeOptions { Bootstrap = host == DhtHosts[0] ? [] : [new EndpointName(FirstDhtAddress, 4222)] }, host, host.Clock, Log.For("dht"));

    /// <summary>Connects the two; the acceptor has waited for a while.</summary>
    /// <returns>The seconds from the invitation to both open passages.</returns>
    public async Task<double> ConnectAsync(Side acceptor, Side inviter, double lead = 5, bool dispose = true)
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource<Passage> accepted = new();
        Task serving = acceptor.ServeAsync(
            passage =>
            {
                accepted.TrySetResult(passage);
                return Task.CompletedTask;
            },
            stop.Token);
        await After(lead);
        TimeSpan start = Internet.Now;
        await using Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
        await using Passage theirs = await accepted.Task;
        Assert.Equal(ours.Ticket.Secret, theirs.Ticket.Secret);
        double seconds = (Internet.Now - start).TotalSeconds;
        if (!dispose)
        {
            _ = serving; // Goes on serving until its side is disposed.
            return seconds;
        }

        stop.Cancel();
        await serving;
        await acceptor.DisposeAsync();
        await inviter.DisposeAsync();
        return seconds;
    }

    /// <summary>An open passage between the two, for a test that does something with it.</summary>
    public async Task<(Passage Inviter, Passage Acceptor)> OpenPassagesAsync(Side acceptor, Side inviter)
    {
        Task<Passage> accepting = acceptor.AcceptOneAsync();
        await After(5);
        Passage ours = await inviter.InviteAsync(SampleKeys.Alice);
        return (ours, await accepting);
    }

    public void Dispose()
    {
        Internet.Dispose();
        _folder.Dispose();
    }

    private async Task ServeStunAsync(string address, LabHost host, CancellationToken cancellationToken)
    {
        if (LyingStunServer && address == StunAddresses[0])
        {
            host.Attach(3478, new LyingStunCore());
            return;
        }

        StunServer server = new(new StunServerSockets(IPAddress.Parse(address), 3478));
        await using StunUdpListener listener = new(server, host, host.Clock);
        await listener.RunAsync(cancellationToken);
    }
}
