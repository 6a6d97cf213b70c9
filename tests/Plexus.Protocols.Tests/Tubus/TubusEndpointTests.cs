using System.Net;
using Plexus.Lab;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class TubusEndpointTests
{
    private static readonly IPEndPoint Stranger = IPEndPoint.Parse("3.0.0.3:3000");

    [Theory]
    [InlineData(0)]
    [InlineData(TubusLab.Secret)]
    internal void A_listener_gets_a_channel_when_the_peer_has_shown_that_it_hears(ulong secret)
    {
        using TubusLab lab = new(secret: secret, listens: true);
        lab.Client.ToWrite = 1000;
        lab.Server.ToWrite = 500;
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 1));
        Assert.Equal(lab.ClientEndPoint, lab.Server.Peer);
        Assert.Equal(60, lab.Internet.Now.TotalMilliseconds, 3); // Link, answer with a ping, echo of it.
        Assert.True(lab.RunUntil(() => lab.Server.Read == 1000 && lab.Client.Read == 500, 1));
    }

    [Fact]
    public void Two_who_ask_each_other_get_one_channel()
    {
        using Internet internet = new(seed: 1);
        Random random = new(1);
        LabHost one = internet.AddHost("one", "1.0.0.1", TubusLab.Line);
        LabHost two = internet.AddHost("two", "2.0.0.2", TubusLab.Line);
        TubusUser left = new(new TubusEndpoint(TubusLab.Ours, () => (ulong)random.NextInt64()));
        TubusUser right = new(new TubusEndpoint(TubusLab.Ours, () => (ulong)random.NextInt64()));
        left.Channel = left.Endpoint.Connect(new(two.Address, 5), 9, default);
        right.Channel = right.Endpoint.Connect(new(one.Address, 5), 9, default);
        left.ToWrite = right.ToWrite = 5000;
        using LabCore a = one.Attach(5, left);
        using LabCore b = two.Attach(5, right);
        Assert.True(internet.RunUntil(() => left.Read == 5000 && right.Read == 5000, TimeSpan.FromSeconds(1)));
        Assert.Equal((TubusState.Linked, TubusState.Linked), (left.Channel.State, right.Channel.State));
    }

    [Fact]
    public void A_hundred_peers_share_one_socket()
    {
        using Internet internet = new(seed: 1) { KeepsTrace = false };
        Random random = new(1);
        LabHost host = internet.AddHost("server", "2.0.0.2", TubusLab.Line);
        TubusEndpoint endpoint = new(new(), () => (ulong)random.NextInt64());
        List<TubusUser> servers = [];
        List<TubusUser> clients = [];
        for (int i = 0; i < 100; i++)
        {
            LabHost peer = internet.AddHost($"peer {i}", $"1.0.{i}.1", TubusLab.Line);
            servers.Add(new TubusUser(endpoint) { Channel = endpoint.Accept(new(peer.Address, 5), 1, default), ToWrite = 20_000 + i });
            TubusUser client = new(new TubusEndpoint(TubusLab.Ours, () => (ulong)random.NextInt64())) { ToWrite = 10_000 + i };
            client.Channel = client.Endpoint.Connect(new(host.Address, 5), 1, default);
            clients.Add(client);
            peer.Attach(5, client);
        }

        host.Attach(5, new TubusUsers(endpoint, servers));
        Assert.True(internet.RunUntil(
            () => clients.Select((c, i) => c.Read == 20_000 + i).All(b => b) && servers.Select((s, i) => s.Read == 10_000 + i).All(b => b),
            TimeSpan.FromSeconds(5)));
        Assert.All(clients, c => Assert.Equal(-1, c.WrongAt));
        Assert.Equal(100, endpoint.Count);
        foreach (TubusUser client in clients) client.ClosesWhenWritten = true;
        internet.Run(TimeSpan.FromSeconds(20)); // A ping wakes each of them.
        Assert.All(servers, s => Assert.Equal(TubusEnd.ClosedByPeer, s.Channel!.End));
        internet.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(0, endpoint.Count); // Forgotten, when no tear can come any more.
    }

    [Fact]
    public void Nobody_gets_more_octets_than_he_sent_before_he_has_answered()
    {
        Random random = new(1);
        TubusEndpoint endpoint = new(new(), () => (ulong)random.NextInt64());
        endpoint.Listen(0);
        byte[] buffer = new byte[65_536];
        foreach (int size in (int[])[20, 24, 32, 40, 61, 100, 1200])
        {
            IPEndPoint from = new(IPAddress.Parse("3.0.0.3"), size);
            int got = 0;
            int sent = 0;
            Instant now = default;
            for (int i = 0; i < 5; i++)
            {
                byte[] datagram = new byte[size];
                TubusWriter writer = new(datagram, 7);
                writer.Write(TubusSectionType.Link);
                if (writer.Room >= TubusWriter.NumberedLength) writer.Write(TubusSectionType.Edge, 5_000_000);
                endpoint.OnDatagrams(datagram, size, from, now);
                sent += size;
                for (; endpoint.Deadline <= now + TimeSpan.FromSeconds(1); endpoint.OnDeadline(now))
                {
                    while (endpoint.TryTransmit(buffer, now, out TransmitBatch batch)) got += batch.To.Port == size ? batch.Length : 0;
                    now += TimeSpan.FromMilliseconds(100);
                }

                while (endpoint.TryTransmit(buffer, now, out TransmitBatch batch)) got += batch.To.Port == size ? batch.Length : 0;
                Assert.InRange(got, 20, sent);
            }
        }

        Assert.False(endpoint.TryTakeAccepted(out _, out _));
    }

    [Fact]
    public void Pretended_links_do_not_pile_up_and_do_not_keep_an_honest_one_out()
    {
        using TubusLab lab = new(listens: true);
        byte[] datagram = new byte[100];
        TubusWriter writer = new(datagram, 7);
        writer.Write(TubusSectionType.Link);
        for (int i = 0; i < 10_000; i++)
        {
            lab.Server.Endpoint.OnDatagram(datagram.AsSpan(0, 40), new IPEndPoint(IPAddress.Parse("9.9.9.9"), i + 1), lab.Now);
            Assert.InRange(lab.Server.Endpoint.Count, 1, 64);
        }

        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 2));
        Assert.Equal(lab.ClientEndPoint, lab.Server.Peer);
        lab.Pass(60);
        Assert.Equal(1, lab.Server.Endpoint.Count); // The pretended ones have timed out.
    }

    [Fact]
    public void Strangers_get_no_answer()
    {
        Random random = new(1);
        TubusEndpoint endpoint = new(new(), () => (ulong)random.NextInt64());
        endpoint.Accept(IPEndPoint.Parse("1.1.1.1:1"), 5, default);
        byte[] datagram = new byte[100];
        TubusWriter writer = new(datagram, 7);
        writer.Write(TubusSectionType.Link);
        endpoint.OnDatagram(datagram.AsSpan(0, 40), Stranger, default);
        endpoint.Listen(0);
        writer = new TubusWriter(datagram, 7);
        writer.Write(TubusSectionType.Ping, 5);
        endpoint.OnDatagram(datagram.AsSpan(0, 40), Stranger, default); // No link.
        Assert.False(endpoint.TryTransmit(new byte[65_536], default, out TransmitBatch _));
        Assert.Equal(2, endpoint.StrangerCount);
        Assert.Equal(1, endpoint.Count);
    }

    [Fact]
    public void A_peer_may_come_again_at_once_after_its_channel_has_ended()
    {
        using TubusLab lab = new(listens: true);
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 1));
        TubusChannel first = lab.ServerChannel;
        lab.ClientChannel.Close(lab.Now);
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null && first.End is not null, 1));
        lab.Server.Channel = null;
        lab.Client.Channel = lab.Client.Endpoint.Connect(lab.ServerEndPoint, 0, lab.Now);
        lab.Wake();
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 1));
        Assert.NotEqual(first, lab.ServerChannel);
    }

    [Fact]
    public void A_peer_that_began_anew_is_heard_after_a_while()
    {
        using TubusLab lab = new(listens: true);
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 1));
        TubusChannel first = lab.ServerChannel;
        lab.RestartClient(); // As after a crash: the same port, and no memory of the channel.
        lab.Server.Channel = null;
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 10));
        Assert.Equal((TubusEnd.PeerSilent, TubusState.Linked), (first.End, lab.ClientChannel.State));
    }

    [Fact]
    public void Pretended_links_of_a_living_peer_end_nothing()
    {
        using TubusLab lab = new(listens: true);
        Assert.True(lab.RunUntil(() => lab.Server.Channel is not null, 1));
        byte[] datagram = new byte[100];
        TubusWriter writer = new(datagram, 7);
        writer.Write(TubusSectionType.Link);
        long sent = lab.ServerHost.SentCount;
        for (int i = 0; i < 300; i++)
        {
            lab.Server.Endpoint.OnDatagram(datagram.AsSpan(0, 40), lab.ClientEndPoint, lab.Now);
            lab.Wake();
            lab.Pass(0.1);
        }

        Assert.Equal(TubusState.Linked, lab.ServerChannel.State);
        Assert.InRange(lab.ServerHost.SentCount - sent, 1, 40); // A ping each second at most, though ten links came.
    }

    [Fact]
    public void A_second_channel_with_the_same_peer_is_refused()
    {
        TubusEndpoint endpoint = new(new(), () => 5);
        endpoint.Connect(Stranger, 0, default);
        Assert.Throws<InvalidOperationException>(() => endpoint.Accept(Stranger, 0, default));
    }

    [Fact]
    public void An_idle_hour_costs_a_ping_each_quarter_of_a_minute_from_each_side()
    {
        using TubusLab lab = new();
        lab.Pass(3600);
        Assert.Equal(TubusState.Linked, lab.ClientChannel.State);
        Assert.InRange(lab.ClientHost.SentCount, 475, 490); // Its own, and the echoes of the other's.
        Assert.InRange(lab.ServerHost.SentCount, 475, 490);
    }

    [Theory]
    [InlineData(TubusRole.Connector, 30, TubusEnd.ConnectTimedOut)]
    [InlineData(TubusRole.Acceptor, 30, TubusEnd.AcceptTimedOut)]
    internal void Nobody_waits_longer_than_he_was_told(TubusRole role, int seconds, TubusEnd end)
    {
        using Internet internet = new(seed: 1);
        LabHost host = internet.AddHost("alone", "1.0.0.1", TubusLab.Line);
        TubusEndpoint endpoint = new(new(), () => 5);
        TubusChannel channel = role == TubusRole.Connector ? endpoint.Connect(Stranger, 0, default) : endpoint.Accept(Stranger, 0, default);
        host.Attach(5, new TubusUser(endpoint) { Channel = channel });
        Assert.True(internet.RunUntil(() => channel.End is not null, TimeSpan.FromMinutes(5)));
        Assert.Equal((end, (double)seconds), (channel.End!.Value, internet.Now.TotalSeconds));
        // 0, 100, 300, 700 ms, and each 500 ms.
        Assert.Equal(role == TubusRole.Connector ? 62 : 0, host.SentCount);
    }

    private sealed class TubusUsers(TubusEndpoint endpoint, List<TubusUser> users) : IBatchProtocol
    {
        public Instant? Deadline => endpoint.Deadline;

        public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
        {
            endpoint.OnDatagram(datagram, from, now);
            foreach (TubusUser user in users) user.Step(now);
        }

        public void OnDatagrams(Span<byte> datagrams, int datagramLength, IPEndPoint from, Instant now) => throw new NotSupportedException();

        public void OnDeadline(Instant now) => endpoint.OnDeadline(now);

        public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) => endpoint.TryTransmit(buffer, now, out transmit);

        public bool TryTransmit(Span<byte> buffer, Instant now, out TransmitBatch batch) => endpoint.TryTransmit(buffer, now, out batch);
    }
}
