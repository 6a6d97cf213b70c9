using System.Net;
using System.Text;
using Plexus.Dht;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Tests.Dht;

/// <summary>The node's shell in the laboratory: sockets, names, both families and time are all virtual.</summary>
public sealed class DhtNodeTests : IDisposable
{
    private static readonly InfoHash Key = InfoHash.OfText("a key");
    private static readonly TimeSpan Limit = TimeSpan.FromHours(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly Internet _internet = new();
    private readonly LabHost _bootstrap;

    public DhtNodeTests()
    {
        _bootstrap = _internet.AddHost("bootstrap", "1.0.0.1");
        _internet.Names["dht.example"] = [IPAddress.Parse("1.0.0.1")];
    }

    public void Dispose() => _internet.Dispose();

    [Fact]
    public void A_value_that_one_node_puts_the_other_gets_and_hears_once()
    {
        List<DhtValue> heard = [];
        IReadOnlyList<DhtValue> got = [];
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(_internet.AddHost("alice", "2.0.0.1"), seed: 2);
                await using DhtNode bob = await StartAsync(_internet.AddHost("bob", "2.0.0.2"), seed: 3);
                using DhtListen listening = bob.Listen(Key, heard.Add);
                Assert.True(await listening.RegisteredAsync(Soon));
                using DhtPut put = alice.Put(Key, ValueOf("hello"));
                await put.TakenAsync(Soon);
                await put.CompleteAsync(Soon);
                Assert.NotEqual(0u, put.Value.Id);
                got = await bob.GetAsync(Key, Soon);
                Assert.Equal(DhtStatus.Connected, alice.Status);
                await Pause(TimeSpan.FromMinutes(5)); // Renewals and refreshes must not tell it again.
            },
            Limit);
        Assert.Equal("hello", Encoding.UTF8.GetString(Assert.Single(heard).Data.Span));
        Assert.Equal(heard, got);
        Assert.Equal(0, _internet.Loop.ForeignPosts);
    }

    [Fact]
    public void Both_families_work_together_and_tell_of_a_value_once()
    {
        List<DhtValue> heard = [];
        List<DhtValue> expired = [];
        _internet.Names["dht.example"] = [IPAddress.Parse("1.0.0.1"), IPAddress.Parse("2001:db8::1")];
        _bootstrap.AddAddress("2001:db8::1");
        LabHost a = _internet.AddHost("alice", "2.0.0.1");
        a.AddAddress("2001:db8::a");
        LabHost b = _internet.AddHost("bob", "2.0.0.2");
        b.AddAddress("2001:db8::b");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(a, seed: 2);
                await using DhtNode bob = await StartAsync(b, seed: 3);
                Assert.Equal(2, bob.LocalEndPoints.Count);
                using DhtListen listening = bob.Listen(Key, heard.Add, expired.Add);
                Assert.True(await listening.RegisteredAsync(Soon));
                using DhtPut put = alice.Put(Key, ValueOf("hello"));
                await put.CompleteAsync(Soon);
                await Pause(Soon);
                Assert.All(bob.Report(), static family => Assert.Equal(DhtStatus.Connected, family.Status));
                Assert.Single(await bob.GetAsync(Key, Soon));
                await Pause(TimeSpan.FromMinutes(15));
            },
            Limit);
        Assert.Single(heard);
        Assert.Single(expired); // After its ten minutes, in whichever family it ends last.
    }

    [Fact]
    public void A_bootstrap_name_that_does_not_resolve_is_looked_up_again()
    {
        _internet.Names.Remove("dht.example");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(_internet.AddHost("alice", "2.0.0.1"), seed: 2);
                await Pause(TimeSpan.FromSeconds(5));
                Assert.Equal(DhtStatus.Disconnected, alice.Status);
                _internet.Names["dht.example"] = [IPAddress.Parse("1.0.0.1")];
                await Pause(TimeSpan.FromSeconds(16)); // The period is 10 s, and it is looked at each 10 s.
                Assert.Equal(DhtStatus.Connected, alice.Status);
            },
            Limit);
    }

    [Fact]
    public void A_put_without_anybody_fails_in_time_and_a_get_says_why()
    {
        _internet.Run(
            async () =>
            {
                await using DhtNode alone = await StartAsync(_internet.AddHost("alone", "2.0.0.1"), seed: 1); // Nobody runs on 1.0.0.1.
                using DhtPut put = alone.Put(Key, ValueOf("hello"));
                PlexusException failure = await Assert.ThrowsAsync<PlexusException>(() => put.TakenAsync(Soon));
                Assert.Equal(PlexusStage.Rendezvous, failure.Stage);
                Assert.False(put.IsTaken);
                await Assert.ThrowsAsync<PlexusException>(() => alone.GetAsync(InfoHash.OfText("another"), Soon));
                using CancellationTokenSource cancelled = new();
                await cancelled.CancelAsync();
                await Assert.ThrowsAsync<OperationCanceledException>(() => put.TakenAsync(Soon, cancelled.Token));
                Assert.Single(await alone.GetAsync(Key, Soon)); // What it put itself it finds.
            },
            Limit);
    }

    [Fact]
    public void An_approach_leaves_one_round_trip_to_the_put()
    {
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(_internet.AddHost("alice", "2.0.0.1"), seed: 2);
                using IDisposable approach = alice.Approach(Key);
                await Pause(TimeSpan.FromSeconds(2));
                TimeSpan start = _internet.Now;
                using DhtPut put = alice.Put(Key, ValueOf("hello"));
                await put.TakenAsync(Soon);
                Assert.InRange(_internet.Now - start, TimeSpan.Zero, TimeSpan.FromMilliseconds(50)); // Two lines of 10 ms, there and back.
            },
            Limit);
    }

    [Fact]
    public void Behind_a_NAT_a_node_is_a_client_when_asked_to_be()
    {
        LabNat nat = _internet.AddNat("nat", NatProfile.PortRestricted, "3.0.0.1");
        LabHost inside = nat.AddHost("inside", "192.168.1.2");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode client = await StartAsync(inside, seed: 2, change: static o => o with { IsClientBehindNat = true });
                await using DhtNode server = await StartAsync(_internet.AddHost("outside", "2.0.0.1"), seed: 3, change: static o => o with { IsClientBehindNat = true });
                await Pause(TimeSpan.FromMinutes(1));
                Assert.True(client.Report()[0].IsClient);
                Assert.False(server.Report()[0].IsClient);
                Assert.Equal(IPAddress.Parse("3.0.0.1"), client.Report()[0].ReportedAddress);
                Assert.Equal(DhtStatus.Connected, client.Status);
                Assert.Equal(1, first.Report()[0].TableSize); // The client is not in it.
            },
            Limit);
    }

    [Fact]
    public void A_taken_port_is_an_error_or_another_port()
    {
        LabHost host = _internet.AddHost("host", "2.0.0.1");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(host, seed: 1, bootstrap: "");
                Assert.Equal(4222, first.LocalEndPoints[0].Port);
                PlexusException failure = await Assert.ThrowsAsync<PlexusException>(() => StartAsync(host, seed: 2));
                Assert.Contains("4222", failure.Message, StringComparison.Ordinal);
                await using DhtNode second = await StartAsync(host, seed: 2, change: static o => o with { FallsBackToAnyPort = true });
                Assert.NotEqual(4222, second.LocalEndPoints[0].Port);
                await using DhtNode third = await StartAsync(host, seed: 3, change: static o => o with { Port = 0 });
                Assert.NotEqual(0, third.LocalEndPoints[0].Port);
            },
            Limit);
    }

    [Fact]
    public void After_a_restart_the_nodes_that_were_known_replace_the_bootstrap_host()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "state", "dht");
        LabHost host = _internet.AddHost("alice", "2.0.0.1");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                InfoHash id;
                await using (DhtNode alice = await StartAsync(host, seed: 2, change: o => o with { StateFile = path }))
                {
                    id = alice.Id;
                    await Pause(TimeSpan.FromMinutes(1));
                    await using DhtNode second = await StartAsync(host, seed: 9, change: o => o with { StateFile = path, Port = 0 });
                    Assert.NotEqual(id, second.Id); // Two nodes with one id would take each other's datagrams.
                }

                await using DhtNode again = await StartAsync(host, seed: 4, bootstrap: "", change: o => o with { StateFile = path });
                Assert.Equal(id, again.Id);
                using DhtPut put = again.Put(Key, ValueOf("hello"));
                await put.TakenAsync(Soon);
                Assert.Equal(DhtStatus.Connected, again.Status);
            },
            Limit);
        Assert.Contains(" 1.0.0.1:4222", File.ReadAllText(path), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_callback_that_fails_loses_one_result_and_not_the_node()
    {
        int calls = 0;
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(_internet.AddHost("alice", "2.0.0.1"), seed: 2);
                using DhtListen listening = alice.Listen(Key, _ =>
                {
                    calls++;
                    throw new InvalidOperationException("broken");
                });
                using DhtPut one = first.Put(Key, ValueOf("one"));
                await Pause(Soon);
                using DhtPut two = first.Put(Key, ValueOf("two"));
                await Pause(Soon);
            },
            Limit);
        Assert.Equal(2, calls);
    }

    [Fact]
    public void A_machine_that_moves_into_another_network_is_found_there()
    {
        List<DhtValue> heard = [];
        LabHost moving = _internet.AddHost("moving", "2.0.0.1");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                await using DhtNode alice = await StartAsync(moving, seed: 2);
                using DhtListen listening = alice.Listen(Key, heard.Add);
                Assert.True(await listening.RegisteredAsync(Soon));
                moving.MoveTo(_internet.AddNat("nat", NatProfile.PortRestricted, "3.0.0.1"), "192.168.1.2");
                await Pause(TimeSpan.FromSeconds(15)); // Addresses are looked at each 10 s.
                using DhtPut put = first.Put(Key, ValueOf("hello"));
                await Pause(TimeSpan.FromSeconds(2));
                Assert.Equal(IPAddress.Parse("3.0.0.1"), alice.Report()[0].ReportedAddress);
            },
            Limit);
        Assert.Single(heard);
    }

    [Fact]
    public void A_ping_is_answered_by_a_node_of_the_same_network_only()
    {
        LabHost asking = _internet.AddHost("asking", "2.0.0.1");
        _internet.Run(
            async () =>
            {
                await using DhtNode first = await StartAsync(_bootstrap, seed: 1, bootstrap: "");
                IPEndPoint endPoint = new(_bootstrap.Address, DhtNodeOptions.DefaultPort);
                PingAnswer? answer = await DhtPing.AskAsync(endPoint, 0, asking, asking.Clock);
                Assert.Equal(new PingAnswer(first.Id, asking.Address, TimeSpan.FromMilliseconds(40)), answer);
                TimeSpan start = _internet.Now;
                Assert.Null(await DhtPing.AskAsync(endPoint, 7, asking, asking.Clock));
                Assert.Equal(TimeSpan.FromSeconds(7), _internet.Now - start);
                Assert.Equal(2 + 3, _internet.Trace.Count); // One ping and its answer, then three attempts.
                Assert.Equal(0, first.Report()[0].TableSize); // Who asks once is nobody to remember.
            },
            Limit);
    }

    private static DhtValue ValueOf(string text) => new() { Id = 0, Data = Encoding.UTF8.GetBytes(text) };

    private Task Pause(TimeSpan time) => Task.Delay(time, _internet.Clock);

    private static Task<DhtNode> StartAsync(LabHost host, int seed, string bootstrap = "dht.example", Func<DhtNodeOptions, DhtNodeOptions>? change = null)
    {
        DhtNodeOptions options = new()
        {
            Bootstrap = bootstrap.Length == 0 ? [] : [new EndpointName(bootstrap, DhtNodeOptions.DefaultPort)],
            FillWithRandom = new Random(seed).NextBytes,
        };
        return DhtNode.StartAsync(change?.Invoke(options) ?? options, host, host.Clock);
    }
}
