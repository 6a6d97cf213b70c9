using System.Net;
using Plexus.Lab;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>Ours against a model of the original, in both roles.</summary>
public sealed class OriginalPeerTests
{
    private const int Port = 5000;

    // The original gives up after 32 attempts of one move, so a path that loses more would fail by itself.
    public static TheoryData<bool, ulong, double> Cases
    {
        get
        {
            TheoryData<bool, ulong, double> cases = [];
            foreach (bool connects in (bool[])[true, false])
            foreach (ulong secret in (ulong[])[0, TubusLab.Secret])
            foreach (double loss in (double[])[0, 0.02, 0.1]) cases.Add(connects, secret, loss);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_directions_arrive_whole(bool originalConnects, ulong secret, double loss)
    {
        using Pair pair = new(originalConnects, secret, TubusLab.Line with { Loss = loss / 2, Jitter = TimeSpan.FromMilliseconds(3) });
        pair.Ours.ToWrite = 1_000_000;
        pair.Original.ToWrite = 300_000;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read == 1_000_000 && pair.Ours.Read == 300_000, TimeSpan.FromMinutes(5)));
        pair.Channel.Close(new(pair.Internet.Now));
        pair.Wake();
        Assert.True(pair.Internet.RunUntil(() => pair.Channel.End is not null, TimeSpan.FromSeconds(5)));
        Assert.Null(pair.Original.Failure);
        Assert.Equal((-1, -1), (pair.Original.WrongAt, pair.Ours.WrongAt));
        // With loss its single tear echo may be lost, and it is gone then.
        if (loss == 0) Assert.Equal(TubusEnd.Closed, pair.Channel.End);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_loss_nothing_is_sent_twice_and_every_datagram_counts(bool originalConnects)
    {
        using Pair pair = new(originalConnects, 0, TubusLab.Line);
        pair.Ours.ToWrite = 1_000_000;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read == 1_000_000 && pair.Channel.Report.InFlight == 0, TimeSpan.FromMinutes(1)));
        TubusReport report = pair.Channel.Report;
        Assert.Equal((0, 0, 0), (report.FragmentsLost, report.BytesRepeated, report.ProbeTimeouts));
        Assert.InRange(report.DatagramsSent, 1_000_000 / 1444, 2 * 1_000_000 / 1444); // Full ones, and an echo for each edge that comes alone.
        Assert.Null(pair.Original.Failure);
    }

    [Fact]
    public void More_than_its_forty_eight_moves_are_in_flight()
    {
        using Pair pair = new(originalConnects: false, 0, TubusLab.Line with { Latency = TimeSpan.FromMilliseconds(50) });
        pair.Ours.ToWrite = 20_000_000;
        long most = 0;
        pair.Ours.AfterStep = _ => most = Math.Max(most, pair.Channel.Report.InFlight);
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read == 20_000_000, TimeSpan.FromMinutes(2)));
        Assert.True(most > 48 * 1406 * 4, $"{most} bytes");
    }

    [Fact]
    public void Its_shutdown_ends_the_stream_and_our_unread_data_stays()
    {
        using Pair pair = new(originalConnects: true, 0, TubusLab.Line);
        pair.Ours.IsReading = false;
        pair.Original.ToWrite = 10_000;
        pair.Original.ShutsWhen = () => pair.Original.AllAcknowledged;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.State == OriginalTubus.Life.Finished, TimeSpan.FromSeconds(5)));
        Assert.Equal(TubusEnd.ClosedByPeer, pair.Channel.End);
        Assert.Equal(10_000, pair.Channel.Readable);
        pair.Ours.IsReading = true;
        pair.Wake();
        Assert.True(pair.Ours.SawEnd);
        Assert.Equal(10_000, pair.Ours.Read);
    }

    [Fact]
    public void A_repeated_tear_is_answered_each_time()
    {
        using Pair pair = new(originalConnects: true, 0, TubusLab.Line);
        pair.Original.ToWrite = 10;
        pair.Original.ShutsWhen = () =>
        {
            if (!pair.Original.AllAcknowledged) return false;
            pair.Internet.Observer = null;
            pair.OriginalHost.Link = TubusLab.Line with { Loss = 0.5 };
            return true;
        };
        Assert.True(pair.Internet.RunUntil(() => pair.Original.State == OriginalTubus.Life.Finished, TimeSpan.FromSeconds(5)));
        Assert.Null(pair.Original.Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_path_that_becomes_narrow_gets_the_same_moves_again(bool originalConnects)
    {
        using Pair pair = new(originalConnects, TubusLab.Secret, TubusLab.Line with { BitsPerSecond = 20_000_000 });
        pair.Ours.ToWrite = 5_000_000;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read > 1_000_000, TimeSpan.FromSeconds(10)));
        Assert.Equal(1472, pair.Channel.Report.DatagramLength);
        pair.OriginalHost.Link = pair.OriginalHost.Link with { Mtu = 1400 };
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read == 5_000_000, TimeSpan.FromSeconds(20)));
        Assert.Equal((-1, null), (pair.Original.WrongAt, pair.Original.Failure));
        Assert.Equal(1200, pair.Channel.Report.DatagramLength);
    }

    [Fact]
    public void An_outage_of_half_a_minute_is_survived_while_only_we_send()
    {
        using Pair pair = new(originalConnects: false, 0, TubusLab.Line with { BitsPerSecond = 20_000_000 });
        pair.Ours.ToWrite = 5_000_000;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read > 1_000_000, TimeSpan.FromSeconds(10)));
        LabLink line = pair.OriginalHost.Link;
        pair.OriginalHost.Link = line with { Loss = 1 };
        pair.Internet.Run(TimeSpan.FromSeconds(30)); // It gives up after 35.
        pair.OriginalHost.Link = line;
        Assert.True(pair.Internet.RunUntil(() => pair.Original.Read == 5_000_000, TimeSpan.FromSeconds(6)));
        Assert.Equal((-1, null), (pair.Original.WrongAt, pair.Original.Failure));
    }

    [Fact]
    public void Its_shutdown_in_the_middle_ends_ours_at_once()
    {
        using Pair pair = new(originalConnects: true, 0, TubusLab.Line);
        pair.Ours.ToWrite = 50_000_000;
        pair.Original.ShutsWhen = () => pair.Original.Read > 1_000_000;
        Assert.True(pair.Internet.RunUntil(() => pair.Channel.End is not null, TimeSpan.FromSeconds(5)));
        Assert.Equal((TubusEnd.ClosedByPeer, false), (pair.Channel.End, pair.Channel.IsDelivered));
        Assert.True(pair.Internet.RunUntil(() => pair.Original.State == OriginalTubus.Life.Finished, TimeSpan.FromSeconds(1)));
        Assert.Null(pair.Original.Failure);
    }

    [Fact]
    public void An_idle_hour_passes()
    {
        using Pair pair = new(originalConnects: false, 0, TubusLab.Line);
        pair.Internet.Run(TimeSpan.FromHours(1));
        Assert.Equal((TubusState.Linked, OriginalTubus.Life.Linked), (pair.Channel.State, pair.Original.State));
        Assert.InRange(pair.Channel.Report.DatagramsSent, 230, 260); // A ping each 15 s.
    }

    private sealed class Pair : IDisposable
    {
        private readonly LabCore _ours;
        private readonly LabCore _originals;

        public Pair(bool originalConnects, ulong secret, LabLink line)
        {
            Internet = new Internet(seed: 3) { KeepsTrace = false };
            Random random = new(5);
            LabHost host = Internet.AddHost("ours", "1.0.0.1", line);
            OriginalHost = Internet.AddHost("original", "2.0.0.2", line);
            Original = new OriginalTubus(new IPEndPoint(host.Address, Port), originalConnects, secret, 5, random, default).Begin();
            TubusEndpoint endpoint = new(new(), () => (ulong)random.NextInt64());
            IPEndPoint peer = new(OriginalHost.Address, Port);
            Ours = new TubusUser(endpoint)
            {
                Channel = originalConnects ? endpoint.Accept(peer, secret, default) : endpoint.Connect(peer, secret, default),
            };
            _originals = OriginalHost.Attach(Port, Original);
            _ours = host.Attach(Port, Ours);
        }

        public Internet Internet { get; }

        public LabHost OriginalHost { get; }

        public OriginalTubus Original { get; }

        public TubusUser Ours { get; }

        public TubusChannel Channel => Ours.Channel!;

        public void Wake()
        {
            _ours.Wake();
            _originals.Wake();
        }

        public void Dispose() => Internet.Dispose();
    }
}
