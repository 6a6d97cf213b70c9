using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>An internet with a DHT node and a STUN server, and users' machines on it.</summary>
internal sealed class Scenario : IDisposable
{
    private const int DhtNetwork = 77; // any number but that of the public network, 0

    // A second would do on an idle machine; the program itself gives up after 60 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly List<Machine> _machines = [];

    private Scenario()
    {
        Dht = StartDht(DhtHost = Internet.AddPublicHost("dht"));
        Stun = new CoturnProcess(StunHost = Internet.AddPublicHost("stun", addresses: 2));
    }

    public NamespaceInternet Internet { get; } = new();

    public NamespaceHost DhtHost { get; }

    public NamespaceHost StunHost { get; }

    public DhtNodeProcess Dht { get; private set; }

    public CoturnProcess Stun { get; }

    public static async Task<Scenario> StartAsync()
    {
        Scenario scenario = new();
        try
        {
            await scenario.Dht.ReadyAsync();
            await scenario.Stun.ReadyAsync();
            return scenario;
        }
        catch
        {
            scenario.Dispose();
            throw;
        }
    }

    /// <summary>Adds a machine with a public address.</summary>
    public Machine AddPublicMachine(string name, int? keyBits = null) => Add(name, Internet.AddPublicHost("pc"), keyBits);

    /// <summary>Adds a machine behind NATs, the innermost last.</summary>
    public Machine AddMachine(string name, DelayLineOptions? line, params NatRecipe[] recipes)
    {
        NamespaceNat? nat = null;
        foreach (NatRecipe recipe in recipes)
        {
            nat = Internet.AddNat(recipe, nat is null ? line : null, behind: nat, carrier: recipes.Length > 1 && nat is null);
        }

        return Add(name, nat is null ? Internet.AddPublicHost("pc") : Internet.AddHost(nat));
    }

    /// <summary>Adds two machines that know each other, each behind NATs of its own; without any both have public addresses.</summary>
    public (Machine One, Machine Other) AddPair(string one, string other, params NatRecipe[] recipes)
    {
        (Machine One, Machine Other) pair = (AddMachine(one, null, recipes), AddMachine(other, null, recipes));
        Acquaint(pair.One, pair.Other);
        return pair;
    }

    /// <summary>Makes both known to each other.</summary>
    public static void Acquaint(Machine one, Machine other)
    {
        one.Trust(other);
        other.Trust(one);
    }

    /// <summary>Starts plexus as inviter of one peer; its command talks, into the log of this name.</summary>
    public ProgramRun Invite(Machine host, Machine peer, string log = "talk.log", params IEnumerable<string> more) =>
        host.Run([.. Options(host, peer, log), .. more]);

    /// <summary>Starts plexus as acceptor of anybody known.</summary>
    public ProgramRun Accept(Machine host, string log = "talk.log", params IEnumerable<string> more) =>
        host.Run(["--accept", .. Options(host, null, log), .. more]);

    /// <summary>Waits until an inviter has ended well and both launched commands have heard each other out.</summary>
    public static async Task TalkedAsync(ProgramRun invite, ProgramRun accept, Machine inviter, Machine acceptor, string log = "talk.log")
    {
        int code = await invite.ExitAsync(Patience);
        if (code != 0)
            throw new InvalidOperationException($"The inviter ended with {code}.\n{invite.Output}\nThe acceptor:\n{accept.Output}");
        await HeardAsync(inviter, acceptor.Pin, log, invite, accept);
        await HeardAsync(acceptor, inviter.Pin, log, invite, accept);
    }

    /// <summary>Where to meet whom, as the classic command line says it.</summary>
    public IEnumerable<string> Meeting(Machine host, Machine? peer) =>
    [
        "--app-id=end-to-end", $"--app-repo={host.Repository}", $"--host-info={host.Name}", $"--peer-info={peer?.Name ?? "/"}",
        $"--stun-server={Stun.Address}", $"--dht-bootstrap={Dht.Address}", $"--dht-network={DhtNetwork}", "--dht-port=0",
    ];

    /// <summary>Starts the DHT node anew, on the same address, after it was killed.</summary>
    public Task RestartDhtAsync()
    {
        Dht.Dispose();
        Dht = StartDht(DhtHost);
        return Dht.ReadyAsync();
    }

    public void Dispose()
    {
        foreach (Machine machine in _machines) machine.Dispose();
        Dht?.Dispose();
        Stun?.Dispose();
        Internet.Dispose();
    }

    private static DhtNodeProcess StartDht(NamespaceHost host) => new(host, DhtNetwork);

    /// <summary>Waits until a machine's command has heard the last line of the peer's.</summary>
    public static Task HeardAsync(Machine machine, string peerPin, string log, params ProgramRun[] runs) => Eventually.Async(
        () => machine.ReadLog(log).Contains($"{peerPin}: Good bye!", StringComparison.Ordinal),
        TimeSpan.FromSeconds(20),
        () => $"{machine.Name} has not heard {peerPin} to the end: '{machine.ReadLog(log)}'\n"
            + string.Join("\n", runs.Select(run => $"{run}\n{run.Output}")));

    private Machine Add(string name, NamespaceHost host, int? keyBits = null)
    {
        Machine machine = new(host, name, keyBits);
        _machines.Add(machine);
        return machine;
    }

    /// <summary>The options of a run whose command talks into the log of this name.</summary>
    public IEnumerable<string> Options(Machine host, Machine? peer, string log) =>
    [
        .. Meeting(host, peer),
        $"--exec-command={PlexusProgram.Path}", "--exec-args=demo talk", $"--exec-log={host.FileNamed(log)}", "--log-level=debug",
    ];
}
