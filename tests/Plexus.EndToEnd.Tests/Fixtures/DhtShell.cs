using System.Globalization;
using System.Text.RegularExpressions;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Debian's <c>dhtnode</c> with an identity, driven by its own commands.</summary>
internal sealed partial class DhtShell : ProgramRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _log;

    private DhtShell(NamespaceHost host, string log, IEnumerable<string> arguments)
        : base(host, "dhtnode", arguments) => _log = log;

    /// <summary>Its node id.</summary>
    public string NodeId => NodeLine().Match(Output).Groups[1].Value;

    /// <summary>The id of its public key.</summary>
    public string KeyId => KeyLine().Match(Output).Groups[1].Value;

    /// <summary>Everything it has logged.</summary>
    public string Log
    {
        get
        {
            using StreamReader reader = new(new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
    }

    /// <param name="host">Where it runs.</param>
    /// <param name="folder">Where it logs.</param>
    /// <param name="network">The number of the network.</param>
    /// <param name="bootstrap">Whom it asks first; null for nobody.</param>
    public static async Task<DhtShell> StartAsync(NamespaceHost host, string folder, int network, string? bootstrap)
    {
        string log = Path.Combine(folder, $"dhtnode-{host.Address}-{Path.GetRandomFileName()}.log");
        string[] arguments =
        [
            "-i", "-p", "4222", "-n", network.ToString(CultureInfo.InvariantCulture), "-v", "-l", log,
            .. bootstrap is null ? Array.Empty<string>() : ["-b", bootstrap],
        ];
        DhtShell shell = new(host, log, arguments);
        await shell.SaysAsync("possible commands", Patience); // It makes a key first.
        return shell;
    }

    /// <summary>Gives a command and waits for what it must say after it.</summary>
    public async Task<string> AskAsync(string command, string pattern)
    {
        int before = Output.Length;
        Say(command);
        await Eventually.Async(
            () => Regex.IsMatch(Output[before..], pattern), Patience, () => $"After '{command}' it has not said '{pattern}'.\n{Output}\n{Tail(Log)}");
        return Output[before..];
    }

    private static string Tail(string text) => text[Math.Max(0, text.Length - 5000)..];

    [GeneratedRegex(@"OpenDHT node ([0-9a-f]{40})")]
    private static partial Regex NodeLine();

    [GeneratedRegex(@"Public key ID ([0-9a-f]{40})")]
    private static partial Regex KeyLine();
}
