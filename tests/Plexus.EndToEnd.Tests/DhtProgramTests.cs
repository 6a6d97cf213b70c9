using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary><c>plexus dht</c> as users run it, among nodes of OpenDHT 2.4.12.</summary>
public sealed class DhtProgramTests
{
    private const string Network = "79";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_commands_serve_and_show_what_original_nodes_put()
    {
        Kernel.IsNeeded();
        if ((PlexusProgram.WhyNot ?? DhtNodeProcess.WhyNot) is { } reason) Assert.Skip(reason);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("plexus-dht-");
        using NamespaceInternet internet = new();
        NamespaceHost host = internet.AddPublicHost("ours");
        NamespaceHost looking = internet.AddPublicHost("looking");
        string state = Path.Combine(folder.FullName, "state");
        string bootstrap = $"{host.Address}:4222";
        try
        {
            using ProgramRun node = Run(host, "--bootstrap", "none", "--state", state);
            await node.SaysAsync("OpenDHT node [0-9a-f]{40} on 0.0.0.0:4222", Limit);
            using DhtShell original = await DhtShell.StartAsync(internet.AddPublicHost("dht"), folder.FullName, int.Parse(Network, null), bootstrap);
            await node.SaysAsync("IPv4: connected, 1 nodes", Limit);

            using ProgramRun ping = Run(looking, "ping", $"{original.Host.Address}");
            Assert.Equal(0, await ping.ExitAsync(Limit));
            Assert.Contains($"node {original.NodeId}, ", ping.Output, StringComparison.Ordinal);

            using ProgramRun listen = Run(looking, "listen", "news", "--bootstrap", bootstrap, "--state", "none");
            await original.AskAsync("s news signed-news", "Put signed: success");
            await listen.SaysAsync($"signed by {original.KeyId}[^\"]*\"signed-news\"", Limit);
            listen.AskToEnd();
            Assert.Equal(0, await listen.ExitAsync(Limit));

            using ProgramRun get = Run(looking, "get", "news", "--json", "--bootstrap", bootstrap, "--state", "none");
            Assert.Equal(0, await get.ExitAsync(Limit));
            Assert.Contains($"\"owner\":\"{original.KeyId}\"", get.Output, StringComparison.Ordinal);

            node.AskToEnd();
            Assert.Equal(0, await node.ExitAsync(Limit));
            Assert.Contains($"node {original.NodeId} ", await File.ReadAllTextAsync(state), StringComparison.Ordinal);

            using ProgramRun silence = Run(looking, "get", "news", "--bootstrap", bootstrap, "--state", "none", "--timeout", "1");
            Assert.Equal(5, await silence.ExitAsync(Limit));
            using ProgramRun mistake = Run(looking, "get", "news", "--port", "x");
            Assert.Equal(2, await mistake.ExitAsync(Limit));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ProgramRun Run(NamespaceHost host, params string[] arguments) =>
        new(host, PlexusProgram.Path, ["dht", .. arguments, "--network", Network]);
}
