using System.Net;
using System.Net.Sockets;
using System.Text;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols;
using Plexus.Sockets;

namespace Plexus.Tests.Lab;

public sealed class InternetTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_datagram_takes_the_latency_of_both_lines()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        TimeSpan elapsed = internet.Run(async () =>
        {
            await using IDatagramSocket from = alice.Open(new(IPAddress.Any, 0));
            await using IDatagramSocket to = bob.Open(new(IPAddress.Any, 5000));
            await from.SendAsync("hello"u8.ToArray(), new(bob.Address, 5000));
            byte[] buffer = new byte[100];
            Received received = await to.ReceiveAsync(buffer);
            Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, received.Length));
            Assert.Equal(new IPEndPoint(alice.Address, from.LocalEndPoint.Port), received.From);
            return internet.Now;
        }, Minute);
        Assert.Equal(TimeSpan.FromMilliseconds(20), elapsed);
        Assert.Equal(DatagramFate.Delivered, Assert.Single(internet.Trace).Fate);
    }

    [Fact]
    public void Timers_delays_and_timeouts_take_virtual_time_only()
    {
        using Internet internet = new();
        DateTimeOffset before = internet.Clock.GetUtcNow();
        internet.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromHours(20), internet.Clock);
            using CancellationTokenSource source = new(TimeSpan.FromHours(1), internet.Clock);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => Task.Delay(Timeout.InfiniteTimeSpan, internet.Clock, source.Token));
            await Assert.ThrowsAsync<TimeoutException>(
                () => new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromHours(2), internet.Clock, CancellationToken.None));
            using PeriodicTimer timer = new(TimeSpan.FromMinutes(30), internet.Clock);
            await timer.WaitForNextTickAsync(CancellationToken.None);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }, TimeSpan.FromDays(2));
        Assert.Equal(TimeSpan.FromHours(24), internet.Now);
        Assert.Equal(before.AddHours(24), internet.Clock.GetUtcNow());
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void A_host_may_have_a_wrong_date_but_the_same_seconds()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        alice.Skew = TimeSpan.FromDays(-400);
        Assert.Equal(internet.Clock.GetUtcNow().AddDays(-400), alice.Clock.GetUtcNow());
        Assert.Equal(internet.Clock.GetTimestamp(), alice.Clock.GetTimestamp());
        internet.Run(() => Task.Delay(TimeSpan.FromSeconds(5), alice.Clock), Minute);
        Assert.Equal(TimeSpan.FromSeconds(5), internet.Now);
    }

    [Fact]
    public void A_scenario_that_waits_for_nothing_says_what_it_waits_for()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabException stuck = Assert.Throws<LabException>(() => internet.Run(async () =>
        {
            await using IDatagramSocket socket = alice.Open(new(IPAddress.Any, 5000));
            await socket.ReceiveAsync(new byte[10]);
        }, Minute));
        Assert.Contains("Nothing is left to happen", stuck.Message, StringComparison.Ordinal);
        Assert.Contains("alice port 5000", stuck.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scenario_that_takes_too_long_is_stopped_at_its_limit()
    {
        using Internet internet = new();
        LabException stuck = Assert.Throws<LabException>(
            () => internet.Run(() => Task.Delay(TimeSpan.FromHours(1), internet.Clock), Minute));
        Assert.Contains("limit", stuck.Message, StringComparison.Ordinal);
        Assert.Equal(Minute, internet.Now);
    }

    [Fact]
    public void An_exception_of_the_scenario_comes_out_as_it_is()
    {
        using Internet internet = new();
        Assert.Throws<InvalidDataException>(() => internet.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
            throw new InvalidDataException();
        }, Minute));
    }

    [Fact]
    public void Code_that_leaves_the_context_is_noticed()
    {
        using Internet internet = new();
        internet.Run(async () =>
        {
            using SemaphoreSlim gate = new(0);
            using CancellationTokenSource never = new();
            Task entering = EnterAsync(gate, never.Token);
            gate.Release();
            await entering;
        }, Minute);
        Assert.NotEqual(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another_one()
    {
        string first = Conversation(seed: 7);
        Assert.Equal(first, Conversation(seed: 7));
        Assert.NotEqual(first, Conversation(seed: 8));
        Assert.Contains("Lost", first, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pump_stays_on_the_laboratorys_thread()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        bob.Attach(5000, new EchoCore());
        internet.Run(async () =>
        {
            await using DatagramPump pump = new(alice.Open(new(IPAddress.Any, 0)), internet.Clock);
            AskingCore first = new(new(bob.Address, 5000), questions: 50);
            await pump.RunAsync(first, c => c.Answers == 50, CancellationToken.None);
            // A second core on the same socket; cancelled while it waits, woken by a command while it waits.
            using CancellationTokenSource source = new(TimeSpan.FromSeconds(3), internet.Clock);
            await Assert.ThrowsAsync<OperationCanceledException>(
                () => pump.RunAsync(new AskingCore(new(bob.Address, 9), 1), c => c.Answers == 1, source.Token));
            AskingCore third = new(new(bob.Address, 5000), questions: 0);
            Task run = pump.RunAsync(third, c => c.Answers == 1, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
            third.Ask();
            pump.Wake();
            await run;
        }, Minute);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void A_disposed_socket_ends_the_pump()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        internet.Run(async () =>
        {
            DatagramPump pump = new(alice.Open(new(IPAddress.Any, 5000)), internet.Clock);
            Task run = pump.RunAsync(new AskingCore(new(alice.Address, 9), 0), _ => false, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
            await pump.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => run);
            await using IDatagramSocket again = alice.Open(new(IPAddress.Any, 5000)); // The port is free again.
        }, Minute);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    [Fact]
    public void Ports_and_addresses_that_cannot_be_bound_are_refused_as_the_kernel_does()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        alice.Open(new(IPAddress.Any, 5000));
        Assert.Equal(SocketError.AddressAlreadyInUse,
            Assert.Throws<SocketException>(() => alice.Open(new(IPAddress.Any, 5000))).SocketErrorCode);
        Assert.Equal(SocketError.AddressNotAvailable,
            Assert.Throws<SocketException>(() => alice.Open(IPEndPoint.Parse("9.9.9.9:1"))).SocketErrorCode);
        Assert.InRange(alice.Open(new(alice.Address, 0)).LocalEndPoint.Port, 32_768, 60_999);
    }

    [Fact]
    public void Names_and_literals_resolve()
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        alice.AddAddress("2001:db8::1");
        internet.Names["stun.lab"] = [IPAddress.Parse("5.5.5.5")];
        internet.Run(async () =>
        {
            Assert.Equal([IPAddress.Parse("5.5.5.5")], await alice.ResolveAsync("STUN.lab", CancellationToken.None));
            Assert.Equal([IPAddress.Parse("2001:db8::5")], await alice.ResolveAsync("[2001:db8::5]", CancellationToken.None));
            await Assert.ThrowsAsync<SocketException>(() => alice.ResolveAsync("no.lab", CancellationToken.None).AsTask());
        }, Minute);
        Assert.Equal(alice.Address, alice.LocalAddressTowards(IPAddress.Parse("5.5.5.5")));
        Assert.Equal(IPAddress.Parse("2001:db8::1"), alice.LocalAddressTowards(IPAddress.Parse("2001:db8::5")));
    }

    [Fact]
    public void A_line_has_its_speed_and_its_queue()
    {
        using Internet internet = new();
        LabLink line = LabLink.Wan with { BitsPerSecond = 1_000_000, LongestQueue = TimeSpan.FromMilliseconds(100) };
        LabHost alice = internet.AddHost("alice", "1.0.0.1", line);
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        IDatagramSocket socket = alice.Open(new(IPAddress.Any, 1));
        bob.Open(new(IPAddress.Any, 2));
        // 1,222 bytes and 28 of headers are 10 ms of the line: 11 fit into the queue of 100 ms.
        internet.Run(async () =>
        {
            for (int i = 0; i < 20; i++) Assert.True(await socket.SendAsync(new byte[1222], new(bob.Address, 2)));
        }, Minute);
        internet.Run(Minute);
        Assert.Equal(11, internet.CountOf(DatagramFate.Delivered));
        Assert.Equal(9, internet.CountOf(DatagramFate.Congested));
        Assert.Equal(TimeSpan.FromMilliseconds(130), internet.Trace[10].At);
    }

    [Fact]
    public void Chance_loses_doubles_and_reorders_about_as_often_as_asked()
    {
        using Internet internet = new();
        LabLink line = LabLink.Wan with { Loss = 0.1, Duplication = 0.1, Reordering = 0.1 };
        LabHost alice = internet.AddHost("alice", "1.0.0.1", line);
        LabHost bob = internet.AddHost("bob", "2.0.0.2", LabLink.Wan);
        IDatagramSocket socket = alice.Open(new(IPAddress.Any, 1));
        OrderCore order = new();
        bob.Attach(2, order);
        internet.Run(async () =>
        {
            for (int i = 0; i < 2000; i++)
            {
                await socket.SendAsync(BitConverter.GetBytes(i), new(bob.Address, 2));
                await Task.Delay(TimeSpan.FromMilliseconds(1), internet.Clock);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
        }, Minute);
        Assert.InRange(internet.CountOf(DatagramFate.Lost), 160, 240);
        Assert.InRange(internet.CountOf(DatagramFate.Delivered), 1880, 2080);
        Assert.InRange(order.Late, 100, 400);
    }

    [Theory]
    [InlineData(4, DatagramFate.Expired)] // Dies at the last router before the core.
    [InlineData(8, DatagramFate.Expired)] // Dies at the last router before the other host.
    [InlineData(9, DatagramFate.Delivered)]
    internal void A_low_time_to_live_ends_on_the_way(byte hops, DatagramFate fate)
    {
        using Internet internet = new();
        LabHost alice = internet.AddHost("alice", "1.0.0.1");
        LabHost bob = internet.AddHost("bob", "2.0.0.2");
        bob.Open(new(IPAddress.Any, 2));
        IDatagramSocket socket = alice.Open(new(IPAddress.Any, 1));
        internet.Run(async () => Assert.True(await socket.SendAsync(new byte[8], new(bob.Address, 2), hops)), Minute);
        internet.Run(Minute);
        Assert.Equal(fate, internet.Trace[0].Fate);
    }

    [Fact]
    public async Task In_real_time_two_hosts_behind_nats_reach_a_server_from_any_thread()
    {
        using Internet internet = Internet.InRealTime(seed: 1);
        LabHost server = internet.AddHost("server", "5.0.0.1", LabLink.Lan);
        LabHost alice = internet.AddNat("home", NatProfile.PortRestricted, "1.0.0.1").AddHost("alice", "192.168.1.2");
        server.Attach(5000, new EchoCore());
        await using DatagramPump pump = new(alice.Open(new(IPAddress.Any, 0)), internet.Clock);
        AskingCore core = new(new(server.Address, 5000), questions: 3);
        await pump.RunAsync(core, c => c.Answers == 3, TestContext.Current.CancellationToken);
        Assert.StartsWith("1.0.0.1:", core.LastAnswer, StringComparison.Ordinal);
    }

    private static async Task EnterAsync(SemaphoreSlim gate, CancellationToken cancellationToken) =>
        await gate.WaitAsync(cancellationToken); // With a token it waits in a combination of its own, on the thread pool.

    private static string Conversation(int seed)
    {
        using Internet internet = new(seed);
        LabLink bad = LabLink.Wan with { Loss = 0.2, Jitter = TimeSpan.FromMilliseconds(30), Duplication = 0.1 };
        LabHost server = internet.AddHost("server", "5.0.0.1", bad);
        server.Attach(5000, new EchoCore());
        LabNat nat = internet.AddNat("home", NatProfile.Symmetric, "1.0.0.1");
        internet.Run(async () =>
        {
            List<Task> runs = [];
            for (int i = 2; i < 6; i++)
            {
                LabHost host = nat.AddHost($"host{i}", $"192.168.1.{i}");
                runs.Add(AskAsync(host, internet.Clock, new(server.Address, 5000)));
            }

            await Task.WhenAll(runs);
        }, TimeSpan.FromHours(1));
        return internet.TraceText();
    }

    private static async Task AskAsync(LabHost host, TimeProvider clock, IPEndPoint server)
    {
        await using DatagramPump pump = new(host.Open(new(IPAddress.Any, 0)), clock);
        await pump.RunAsync(new AskingCore(server, questions: 5), c => c.Answers >= 5, CancellationToken.None);
    }

    /// <summary>Asks until it has its answers, again after a second of silence.</summary>
    private sealed class AskingCore(IPEndPoint server, int questions) : IDatagramProtocol
    {
        private bool _isDue = questions > 0;

        public int Answers { get; private set; }

        public string LastAnswer { get; private set; } = "";

        public Instant? Deadline { get; private set; }

        public void Ask() => _isDue = true;

        public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
        {
            Answers++;
            LastAnswer = Encoding.ASCII.GetString(datagram);
            _isDue = Answers < questions;
        }

        public void OnDeadline(Instant now)
        {
            if (Deadline <= now) _isDue = true;
        }

        public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
        {
            transmit = new Transmit(4, server);
            if (!_isDue) return false;
            buffer[..4].Fill((byte)Answers);
            _isDue = false;
            Deadline = now + TimeSpan.FromSeconds(1);
            return true;
        }
    }

    private sealed class OrderCore : IDatagramProtocol
    {
        private int _last = -1;

        public int Late { get; private set; }

        public Instant? Deadline => null;

        public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
        {
            int number = BitConverter.ToInt32(datagram);
            if (number < _last) Late++;
            _last = Math.Max(number, _last);
        }

        public void OnDeadline(Instant now)
        {
        }

        public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
        {
            transmit = default;
            return false;
        }
    }
}
