using System.Net;
using System.Security.Cryptography;
using System.Text;
using Plexus.Dht;
using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.EndToEnd;

/// <summary>Our DHT node among nodes of OpenDHT 2.4.12 (Debian's <c>dhtnode</c>), each on a host of its own.</summary>
public sealed class DhtInteropTests : IAsyncLifetime
{
    private const int Network = 78;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plexus-dht-");
    private readonly List<DhtShell> _shells = [];
    private readonly List<DhtNode> _nodes = [];
    private NamespaceInternet? _internet;

    public ValueTask InitializeAsync()
    {
        Kernel.IsNeeded();
        if (DhtNodeProcess.WhyNot is { } reason) Assert.Skip(reason);
        _internet = new NamespaceInternet();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (DhtNode node in _nodes) await node.DisposeAsync();
        string[] logs = [.. _shells.Select(static shell => shell.Log)];
        foreach (DhtShell shell in _shells) shell.Dispose();
        _internet?.Dispose();
        _folder.Delete(recursive: true);
        // Whoever once answers without a token is shunned for ever.
        Assert.All(logs, static log => Assert.DoesNotContain("blacklisted", log, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_original_nodes_meet_through_ours_alone()
    {
        (DhtNode ours, NamespaceHost host) = await OursAsync();
        DhtShell alice = await ShellAsync(BootstrapOf(ours, host));
        DhtShell bob = await ShellAsync(BootstrapOf(ours, host));
        await bob.AskAsync("l news", "Listening, token");

        await alice.AskAsync("p news hello-from-alice", "Put: success");
        await bob.SaysAsync("Listen: found.*\\n.*data\\(text/plain\\):\"hello-from-alice\"", Limit);
        await bob.AskAsync("g news", "data\\(text/plain\\):\"hello-from-alice\"");

        await alice.AskAsync("s news signed-by-alice", "Put signed: success");
        await bob.SaysAsync("signed \\(v0\\) data\\(text/plain\\):\"signed-by-alice\"", Limit);

        // For this alice gets bob's certificate, which bob has put at his key's id.
        await alice.AskAsync($"e news {bob.KeyId} only-for-bob", "Put encrypted: success");
        await bob.SaysAsync("decrypted.*\"only-for-bob\"", Limit);

        string large = new('x', 3000);
        await alice.AskAsync($"p large {large}", "Put: success");
        await bob.AskAsync("g large", large);
        Assert.Equal(2, ours.Report()[0].TableSize);
        Assert.InRange(ours.Report()[0].Values, 3, 10);
    }

    [Fact]
    public async Task Values_of_an_original_node_are_got_and_heard_by_ours()
    {
        DhtShell original = await ShellAsync(null);
        (DhtNode ours, _) = await OursAsync($"{original.Host.Address}:4222");
        List<DhtValue> heard = [];
        InfoHash key = InfoHash.OfText("news");
        using DhtListen listening = ours.Listen(key, heard.Add);
        Assert.True(await listening.RegisteredAsync(Limit));

        await original.AskAsync("p news plain", "Put: success");
        await original.AskAsync("s news signed", "Put signed: success");
        string large = new('y', 3000);
        await original.AskAsync($"p news {large}", "Put: success");
        await HeardAsync(heard, 3);
        Assert.Equal("plain", TextOf(heard[0]));
        Assert.Equal("text/plain", heard[0].UserType);
        Assert.False(heard[0].IsSigned);
        Assert.Equal("signed", TextOf(heard[1]));
        Assert.Equal(original.KeyId, heard[1].OwnerId.ToString());
        Assert.Equal(large, TextOf(heard[2]));

        IReadOnlyList<DhtValue> got = await ours.GetAsync(key, Limit);
        Assert.Equal(heard.OrderBy(static v => v.Id), got.OrderBy(static v => v.Id));
        Assert.Equal(heard[1], Assert.Single(await ours.GetAsync(key, Limit, query: ValueQuery.ById(heard[1].Id))));
    }

    [Fact]
    public async Task Values_of_ours_are_got_and_heard_by_an_original_node_and_newer_editions_follow()
    {
        DhtShell original = await ShellAsync(null);
        DhtShell second = await ShellAsync($"{original.Host.Address}:4222");
        (DhtNode ours, _) = await OursAsync($"{original.Host.Address}:4222");
        InfoHash key = InfoHash.OfText("news");
        await second.AskAsync("l news", "Listening, token");

        using DhtPut plain = ours.Put(key, TextValue("from-ours"));
        await plain.CompleteAsync(Limit);
        await second.SaysAsync("data\\(text/plain\\):\"from-ours\"", Limit);
        await original.AskAsync("g news", "data\\(text/plain\\):\"from-ours\"");

        using RSA rsa = RSA.Create(2048);
        DhtPrivateKey ourKey = new(rsa);
        DhtValue first = ourKey.Sign(TextValue("edition-one") with { Id = 4711 });
        using DhtPut signed = ours.Put(key, first);
        await signed.CompleteAsync(Limit);
        await second.SaysAsync("id:1267 signed \\(v0\\) data\\(text/plain\\):\"edition-one\"", Limit);
        DhtValue next = ourKey.Sign(TextValue("edition-two") with { Id = 4711, Sequence = 1 });
        using DhtPut edited = ours.Put(key, next);
        await edited.CompleteAsync(Limit);
        await second.SaysAsync("id:1267 signed \\(v1\\) data\\(text/plain\\):\"edition-two\"", Limit);

        Assert.True(DhtPublicKey.TryImport((await CertificateKeyAsync(ours, second)).Span, out DhtPublicKey? recipient));
        using DhtPut closed = ours.Put(key, ourKey.Seal(TextValue("for-second") with { Id = 5 }, recipient!));
        await second.SaysAsync("decrypted.*\"for-second\"", Limit);
        recipient!.Dispose();

        using DhtPut large = ours.Put(InfoHash.OfText("large"), TextValue(new string('z', 60_000)));
        await large.CompleteAsync(Limit);
        await second.AskAsync("g large", "z{60000}");
    }

    [Fact]
    public async Task A_node_of_ours_that_restarts_is_found_again_without_its_bootstrap_host()
    {
        string state = Path.Combine(_folder.FullName, "state");
        DhtShell bootstrap = await ShellAsync(null);
        DhtShell other = await ShellAsync($"{bootstrap.Host.Address}:4222");
        NamespaceHost host = _internet!.AddPublicHost("ours");
        DhtNode first = await StartAsync(host, $"{bootstrap.Host.Address}:4222", state);
        await Eventually.Async(() => first.Report()[0].GoodNodes == 2, Limit, () => $"Only {first.Report()[0].GoodNodes} nodes are good.");
        using (DhtPut put = first.Put(InfoHash.OfText("a"), TextValue("before"))) await put.CompleteAsync(Limit);
        InfoHash id = first.Id;
        _nodes.Remove(first);
        await first.DisposeAsync();
        bootstrap.Kill();

        DhtNode again = await StartAsync(host, $"{bootstrap.Host.Address}:4222", state);
        Assert.Equal(id, again.Id);
        using DhtPut after = again.Put(InfoHash.OfText("b"), TextValue("after"));
        await after.TakenAsync(Limit);
        await other.AskAsync("g b", "data\\(text/plain\\):\"after\"");
        Assert.Equal("before", TextOf(Assert.Single(await again.GetAsync(InfoHash.OfText("a"), Limit))));
    }

    [Fact]
    public async Task Twelve_nodes_of_both_kinds_agree_on_where_values_are()
    {
        (DhtNode first, NamespaceHost host) = await OursAsync();
        string bootstrap = BootstrapOf(first, host);
        for (int i = 0; i < 5; i++) await ShellAsync(bootstrap);
        for (int i = 0; i < 6; i++) await OursAsync(bootstrap);
        for (int i = 0; i < 6; i++)
        {
            string text = $"value-{i}";
            if (i % 2 == 0)
            {
                using DhtPut put = _nodes[i].Put(InfoHash.OfText(text), TextValue(text));
                await put.CompleteAsync(Limit);
            }
            else
            {
                await _shells[i % 5].AskAsync($"p {text} {text}", "Put: success");
            }

            await _shells[(i + 2) % 5].AskAsync($"g {text}", $"data\\(text/plain\\):\"{text}\"");
            Assert.Equal(text, TextOf(Assert.Single(await _nodes[(i + 3) % 7].GetAsync(InfoHash.OfText(text), Limit))));
        }
    }

    private static DhtValue TextValue(string text) => new() { Id = 0, Data = Encoding.UTF8.GetBytes(text), UserType = "text/plain" };

    private static string TextOf(DhtValue value) => Encoding.UTF8.GetString(value.Data.Span);

    private static Task HeardAsync(List<DhtValue> heard, int count) =>
        Eventually.Async(() => heard.Count >= count, Limit, () => $"Heard {heard.Count} of {count} values: {string.Join(", ", heard)}");

    private static string BootstrapOf(DhtNode node, NamespaceHost host) => $"{host.Address}:{node.LocalEndPoints[0].Port}";

    /// <summary>The key of an original node, out of the certificate that it publishes under its key's id.</summary>
    private static async Task<ReadOnlyMemory<byte>> CertificateKeyAsync(DhtNode ours, DhtShell node)
    {
        Assert.True(InfoHash.TryParse(node.KeyId, out InfoHash id));
        DhtValue value = Assert.Single(await ours.GetAsync(id, Limit), static v => v.Type == DhtValueType.Certificate);
        string text = Encoding.Latin1.GetString(value.Data.Span);
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(text.AsSpan(text.IndexOf("-----", StringComparison.Ordinal)));
        byte[] info = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        Assert.Equal(id, InfoHash.Of(info));
        return info;
    }

    private async Task<DhtShell> ShellAsync(string? bootstrap)
    {
        DhtShell shell = await DhtShell.StartAsync(_internet!.AddPublicHost("dht"), _folder.FullName, Network, bootstrap);
        _shells.Add(shell);
        return shell;
    }

    private async Task<(DhtNode Node, NamespaceHost Host)> OursAsync(string? bootstrap = null)
    {
        NamespaceHost host = _internet!.AddPublicHost("ours");
        return (await StartAsync(host, bootstrap), host);
    }

    private async Task<DhtNode> StartAsync(NamespaceHost host, string? bootstrap, string? state = null)
    {
        EndpointName[] names = [];
        if (bootstrap is not null && EndpointName.TryParse(bootstrap, DhtNodeOptions.DefaultPort, out EndpointName? name)) names = [name];
        DhtNode node = await DhtNode.StartAsync(
            new DhtNodeOptions { Addresses = [IPAddress.Any], Bootstrap = names, Network = Network, StateFile = state },
            host.Network,
            TimeProvider.System);
        _nodes.Add(node);
        return node;
    }
}
