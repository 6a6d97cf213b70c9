using System.Globalization;
using System.Text;
using Plexus.Dht;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Lab.Namespaces;
using Plexus.Passages;
using Plexus.Payloads;
using Plexus.Protocols.Stun;
using Plexus.Rendezvous.Dht;
using Plexus.Sockets;

namespace Plexus.App.Demo;

/// <summary>The demonstration: the whole way from two fresh identities to a talk over the passage.</summary>
internal sealed class DemoRun(DemoWorld world, DemoScreen screen, TimeProvider clock) : IDisposable
{
    private const string AppId = "plexus-demo";
    private const int DhtNetwork = 3171; // any number but that of the public network, 0

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60); // it takes about a second
    private static readonly TimeSpan LogPause = TimeSpan.FromMilliseconds(10); // between looks at a command's log

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plexus-demo-");

    /// <summary>Runs it from the beginning to the end.</summary>
    /// <exception cref="PlexusException">A stage failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(Patience);
        foreach (DemoSite site in (DemoSite[])[world.Hub, world.Laptop, world.Server]) screen.Line($"  {site.Name,-7} {site.Place}");
        screen.Line();
        screen.StartTime();

        await using DhtNode dht = await StartDhtAsync();
        await using StunUdpListener stun = StartStun(stop.Token);
        (IdentityRepository laptopIdentities, IdentityRepository serverIdentities) = await MakeIdentitiesAsync();

        await using DhtRendezvous laptopRendezvous = Rendezvous(world.Laptop, laptopIdentities);
        await using DhtRendezvous serverRendezvous = Rendezvous(world.Server, serverIdentities);
        Task<Task> serving = ServeAsync(Host(world.Server, serverIdentities, serverRendezvous), stop.Token);
        PlexusHost laptop = Host(world.Laptop, laptopIdentities, laptopRendezvous);
        Passage passage = await laptop.InviteAsync(laptopIdentities.LoadPeer(NameOf(world.Server)), stop.Token);
        Task talking = TalkAsync(world.Laptop, passage, stop.Token);
        await Task.WhenAll(talking, await serving);
        stop.Cancel();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IdentityName NameOf(DemoSite site) => new("me", site.Name);

    private async Task<DhtNode> StartDhtAsync()
    {
        DhtNode dht = await DhtNode.StartAsync(
            new DhtNodeOptions { Port = DhtRendezvousOptions.DefaultPort, Network = DhtNetwork, Bootstrap = [] }, world.Hub.Network, clock);
        screen.Event(world.Hub.Name, $"An OpenDHT node listens on port {DhtRendezvousOptions.DefaultPort}");
        return dht;
    }

    private StunUdpListener StartStun(CancellationToken cancellationToken)
    {
        StunServer server = new(new StunServerSockets(world.Hub.Address, StunServers.DefaultPort));
        StunUdpListener listener = new(server, world.Hub.Network, clock);
        _ = listener.RunAsync(cancellationToken);
        screen.Event(world.Hub.Name, $"A STUN server listens on port {StunServers.DefaultPort}");
        return listener;
    }

    private async Task<(IdentityRepository Laptop, IdentityRepository Server)> MakeIdentitiesAsync()
    {
        // Two machines make their keys at once; it is the longest wait of all.
        IdentityRepository[] made = await Task.WhenAll(Task.Run(() => Make(world.Laptop)), Task.Run(() => Make(world.Server)));
        (IdentityRepository laptop, IdentityRepository server) = (made[0], made[1]);
        Hand(laptop, NameOf(world.Laptop), server);
        Hand(server, NameOf(world.Server), laptop);
        screen.Event("both", "They have exchanged their certificates; the private keys stay where they are");
        return (laptop, server);
    }

    private IdentityRepository Make(DemoSite site)
    {
        IdentityRepository repository = new(Path.Combine(_folder.FullName, site.Name), clock);
        Identity made = repository.Create(NameOf(site));
        screen.Event(site.Name, $"Made the identity {made.Name}, an RSA key of {made.KeyBits} bits");
        return repository;
    }

    private static void Hand(IdentityRepository from, IdentityName name, IdentityRepository to) =>
        to.Import(name, Encoding.ASCII.GetBytes(from.Export(name)));

    private DhtRendezvous Rendezvous(DemoSite site, IdentityRepository identities) => new(
        identities,
        new DhtRendezvousOptions
        {
            AppId = AppId, Bootstrap = [new EndpointName(world.Hub.Address.ToString(), DhtRendezvousOptions.DefaultPort)], Port = 0, Network = DhtNetwork,
        },
        site.Network,
        clock,
        screen.LogOf(site.Name));

    private PlexusHost Host(DemoSite site, IdentityRepository identities, DhtRendezvous rendezvous) => new(
        identities.LoadHost(NameOf(site)),
        rendezvous,
        new PlexusHostOptions { StunServers = [new EndpointName(world.Hub.Address.ToString(), StunServers.DefaultPort)] },
        site.Network,
        clock,
        screen.LogOf(site.Name));

    /// <returns>When the first passage is open: the talk over it.</returns>
    private async Task<Task> ServeAsync(PlexusHost host, CancellationToken cancellationToken)
    {
        await foreach (Passage passage in host.AcceptAsync(NameOf(world.Laptop), cancellationToken))
        {
            return TalkAsync(world.Server, passage, cancellationToken);
        }

        return Task.CompletedTask;
    }

    private async Task TalkAsync(DemoSite site, Passage passage, CancellationToken cancellationToken)
    {
        PassageTicket ticket = await passage.ReleaseAsync();
        if (site.Kernel is { } host) await RunCommandAsync(site, host, ticket, cancellationToken);
        else await RunHereAsync(site, ticket, cancellationToken);
    }

    // A program of the system, as a user would launch it, inside the machine's network.
    private async Task RunCommandAsync(DemoSite site, NamespaceHost host, PassageTicket ticket, CancellationToken cancellationToken)
    {
        string log = Path.Combine(_folder.FullName, $"{site.Name}.log");
        string itself = string.Join(' ', PrivateNamespaces.Itself().Select(part => $"\"{part}\""));
        LaunchedCommand command = LaunchedCommand.Start(
            new CommandOptions
            {
                Command = SystemTool.Find("ip")!, Arguments = $"netns exec {host.Namespace.Name} {itself} demo talk", LogFile = log,
            },
            ticket);
        screen.Event(site.Name, $"Started the command 'plexus demo talk' (process {command.ProcessId.ToString(CultureInfo.InvariantCulture)})");
        string prefix = ticket.Peer.Pin + ": ";
        int shown = 0;
        while (shown < TalkCommand.Lines("", "").Length)
        {
            string[] heard = [.. ReadLines(log).Where(line => line.StartsWith(prefix, StringComparison.Ordinal))];
            foreach (string line in heard.Skip(shown)) Hears(site, line[prefix.Length..]);
            if (command.Exited.IsCompleted && heard.Length == shown)
                throw new PlexusException(PlexusStage.Payload, $"The command on {site.Name} ended before it had heard everything: {File.ReadAllText(log)}");
            shown = heard.Length;
            await Task.Delay(LogPause, clock, cancellationToken);
        }
    }

    private async Task RunHereAsync(DemoSite site, PassageTicket ticket, CancellationToken cancellationToken)
    {
        screen.Event(site.Name, "Begins to talk (in memory no program of the system can be started)");
        int code = await TalkCommand.RunAsync(
            site.Network, ticket.Inner, ticket.PeerEndPoint, TalkCommand.Lines(ticket.Host.Pin, ticket.Peer.Pin), line => Hears(site, line), clock, cancellationToken);
        if (code != 0) throw new PlexusException(PlexusStage.Payload, $"The talk on {site.Name} ended before everything was heard.");
    }

    private void Hears(DemoSite site, string line) => screen.Event(site.Name, $"hears: {line}", stands: true);

    // Only whole lines: the command may be writing the last one.
    private static string[] ReadLines(string file)
    {
        if (!File.Exists(file)) return [];
        string text = File.ReadAllText(file);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
