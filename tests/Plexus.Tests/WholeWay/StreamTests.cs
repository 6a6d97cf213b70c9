using System.Text;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Passages;
using Plexus.Streams;
using Plexus.Tests.Identities;
using Plexus.Tests.Streams;
using static Plexus.PassageCapabilities;

namespace Plexus.Tests.WholeWay;

/// <summary>From the invitation to the last byte of a stream.</summary>
public class StreamTests
{
    private static readonly PlexusStreamOptions Lax = new() { AllowUnencrypted = true };

    [Fact]
    public void Two_hosts_behind_nats_open_an_encrypted_stream_and_talk()
    {
        using World world = new();
        (Side alice, Side bob) = world.AddPair();
        world.Run(async () =>
        {
            Task<PlexusStream> accepting = AcceptOneAsync(alice);
            await world.After(5);
            TimeSpan start = world.Internet.Now;
            await using PlexusStream ours = await bob.Host.OpenStreamAsync(bob.Repository.LoadPeer(SampleKeys.Alice));
            // Five round trips to the passage, one to the stream, two for TLS; the handshake's last confirmations hold up nothing.
            Assert.InRange((world.Internet.Now - start).TotalMilliseconds, 0, 8 * 41);
            await using PlexusStream theirs = await accepting;
            Assert.True(ours.IsEncrypted && theirs.IsEncrypted);
            Assert.Equal(SampleKeys.Bob, theirs.Ticket.Peer);
            await TalkAsync(ours, theirs);

            await ours.CompleteWritesAsync();
            Assert.Equal(0, await theirs.ReadAsync(new byte[1]));
            await theirs.WriteAsync("last word"u8.ToArray());
            await theirs.CloseAsync();
            Assert.Equal("last word", await ReadToEndAsync(ours));
            Assert.Equal(0, world.Internet.Loop.ForeignPosts);
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    [Theory] // Who announces nothing: the inviter, the acceptor.
    [InlineData(true)]
    [InlineData(false)]
    public void Without_encryption_a_stream_opens_only_where_it_is_allowed(bool inviterIsOriginal)
    {
        using World world = new();
        Side alice = world.AddSide(
            "alice", world.Internet.AddHost("alice", "198.51.100.50"), o => o with { Capabilities = inviterIsOriginal ? o.Capabilities : None });
        Side bob = world.AddSide(
            "bob", world.Internet.AddHost("bob", "203.0.113.80"), o => o with { Capabilities = inviterIsOriginal ? None : o.Capabilities });
        (Side ours, Side theirs) = inviterIsOriginal ? (alice, bob) : (bob, alice);
        world.Run(async () =>
        {
            (Passage inviter, Passage acceptor) = await world.OpenPassagesAsync(alice, bob);
            (Passage strict, Passage original) = inviterIsOriginal ? (acceptor, inviter) : (inviter, acceptor);
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => PlexusStream.OpenAsync(strict));
            Assert.StartsWith($"{theirs.Identity} has not announced that it can encrypt a stream", e.Message, StringComparison.Ordinal);
            e = await Assert.ThrowsAsync<PlexusException>(() => PlexusStream.OpenAsync(original));
            Assert.StartsWith($"{ours.Identity} would encrypt the stream", e.Message, StringComparison.Ordinal);

            (inviter, acceptor) = await world.OpenPassagesAsync(alice, bob);
            Task<PlexusStream> accepting = PlexusStream.OpenAsync(acceptor, Lax);
            await using PlexusStream one = await PlexusStream.OpenAsync(inviter, Lax);
            await using PlexusStream other = await accepting;
            Assert.False(one.IsEncrypted || other.IsEncrypted);
            await TalkAsync(one, other);
            await Assert.ThrowsAsync<NotSupportedException>(() => one.CompleteWritesAsync());
            await one.CloseAsync();
            Assert.Equal("", await ReadToEndAsync(other));
            Assert.Equal(2, world.Log.Lines.Count(line => line.Text.Contains("NOT encrypted", StringComparison.Ordinal)));
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    [Fact]
    public void An_acceptor_serves_several_peers_at_once_whatever_one_of_them_does()
    {
        using World world = new();
        Side alice = world.AddSide("alice", world.Internet.AddNat("home", NatProfile.PortRestricted, "198.51.100.50").AddHost("alice", "192.168.1.2"));
        Side bob = world.AddSide("bob", world.Internet.AddHost("bob", "203.0.113.80"));
        Side carol = world.AddSide("carol", world.Internet.AddHost("carol", "203.0.113.81"));
        List<PlexusException> failures = [];
        alice.Host.AttemptFailed += (_, e) => failures.Add(e);
        world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            Task serving = ServeEchoesAsync(alice, stop.Token);
            await world.After(5);
            await using PlexusStream first = await bob.Host.OpenStreamAsync(bob.Repository.LoadPeer(SampleKeys.Alice));
            // A passage over which no stream comes: it is given up, and nobody else notices.
            Passage idle = await bob.InviteAsync(SampleKeys.Alice);
            await using PlexusStream second = await carol.Host.OpenStreamAsync(carol.Repository.LoadPeer(SampleKeys.Alice));
            await using PlexusStream third = await bob.Host.OpenStreamAsync(bob.Repository.LoadPeer(SampleKeys.Alice));
            foreach (PlexusStream stream in (PlexusStream[])[first, second, third, first])
            {
                await stream.WriteAsync("echo"u8.ToArray());
                Assert.Equal("echo", await ReadTextAsync(stream, 4));
            }

            await world.After(31);
            PlexusException e = Assert.Single(failures);
            Assert.StartsWith("bob@example.com/hostb has not opened the stream within 30 s", e.Message, StringComparison.Ordinal);
            await idle.DisposeAsync();
            stop.Cancel();
            await serving;
            await second.WriteAsync("on"u8.ToArray()); // What was given out lives on.
            Assert.Equal("on", await ReadTextAsync(second, 2));
            await alice.DisposeAsync();
            await bob.DisposeAsync();
            await carol.DisposeAsync();
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_that_is_cut_off_is_no_end(bool byAbort)
    {
        using World world = new();
        LabHost away = world.Internet.AddHost("bob", "203.0.113.80");
        Side alice = world.AddSide("alice", world.Internet.AddHost("alice", "198.51.100.50"));
        Side bob = world.AddSide("bob", away);
        world.Run(async () =>
        {
            (Passage inviter, Passage acceptor) = await world.OpenPassagesAsync(alice, bob);
            Task<PlexusStream> accepting = PlexusStream.OpenAsync(acceptor);
            PlexusStream ours = await PlexusStream.OpenAsync(inviter);
            await using PlexusStream theirs = await accepting;
            await ours.WriteAsync("half of"u8.ToArray());
            Assert.Equal("half of", await ReadTextAsync(theirs, 7));
            if (byAbort) await ours.AbortAsync();
            else away.Link = away.Link with { Loss = 1 };
            TimeSpan start = world.Internet.Now;
            IOException e = await Assert.ThrowsAsync<IOException>(() => theirs.ReadAsync(new byte[1]).AsTask());
            if (byAbort)
            {
                Assert.StartsWith("The stream was cut off: bob", e.Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal("The peer has fallen silent.", e.Message);
                Assert.InRange((world.Internet.Now - start).TotalSeconds, 100, 140);
            }

            await ours.AbortAsync();
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    [Theory]
    [InlineData(true, 5_000_000)]
    [InlineData(false, 50_000_000)]
    public void Bulk_both_ways_over_a_bad_line_arrives_whole(bool encrypted, int length)
    {
        using World world = new();
        LabLink line = new()
        {
            Latency = TimeSpan.FromMilliseconds(10),
            Hops = 4,
            Loss = 0.005,
            Reordering = 0.01,
            Duplication = 0.001,
            Mtu = encrypted ? 1_500 : null, // Without a limit a megabyte is sixteen datagrams, of which chance may spare all.
        };
        (Side alice, Side bob) = world.AddPair(line);
        world.Run(async () =>
        {
            (Passage inviter, Passage acceptor) = await world.OpenPassagesAsync(alice, bob);
            PassageCapabilities agreed = inviter.Ticket.AgreedCapabilities;
            Assert.True(agreed.HasFlag(SecureStreams));
            Task<PlexusStream> accepting = PlexusStream.OpenAsync(acceptor, Lax);
            await using PlexusStream ours = await PlexusStream.OpenAsync(inviter, Lax);
            await using PlexusStream theirs = await accepting;
            Stream one = encrypted ? ours : ours.Line, other = encrypted ? theirs : theirs.Line;
            Task<string> sent = Bulk.SendAsync(one, length, 1), received = Bulk.ReceiveAsync(other, length);
            Task<string> sentBack = Bulk.SendAsync(other, length, 2), receivedBack = Bulk.ReceiveAsync(one, length);
            Assert.Equal(await sent, await received);
            Assert.Equal(await sentBack, await receivedBack);
            Assert.True(ours.Report.BytesRepeated > 0);
            Assert.Equal(0, world.Internet.Loop.ForeignPosts);
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    [Fact]
    public void A_passage_serves_one_stream()
    {
        using World world = new();
        (Side alice, Side bob) = world.AddPair();
        world.Run(async () =>
        {
            (Passage inviter, Passage acceptor) = await world.OpenPassagesAsync(alice, bob);
            Task<PlexusStream> accepting = PlexusStream.OpenAsync(acceptor);
            await using PlexusStream ours = await PlexusStream.OpenAsync(inviter);
            await using PlexusStream theirs = await accepting;
            await Assert.ThrowsAsync<InvalidOperationException>(() => PlexusStream.OpenAsync(inviter));
            await Assert.ThrowsAsync<InvalidOperationException>(() => inviter.ReleaseAsync());
            await TalkAsync(ours, theirs);
            await alice.DisposeAsync();
            await bob.DisposeAsync();
        });
    }

    internal static async Task<PlexusStream> AcceptOneAsync(Side side, PlexusStreamOptions? options = null)
    {
        await foreach (PlexusStream stream in side.Host.AcceptStreamsAsync(options: options)) return stream;
        throw new InvalidOperationException("The host stopped serving.");
    }

    private static async Task ServeEchoesAsync(Side side, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (PlexusStream stream in side.Host.AcceptStreamsAsync(cancellationToken: cancellationToken)) _ = EchoAsync(stream);
        }
        catch (OperationCanceledException)
        {
            // Cancelling is the only end.
        }
    }

    private static async Task EchoAsync(PlexusStream stream)
    {
        await using (stream)
        {
            byte[] buffer = new byte[1_000];
            while (await stream.ReadAsync(buffer) is > 0 and int count) await stream.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private static async Task TalkAsync(PlexusStream one, PlexusStream other)
    {
        await one.WriteAsync("from one"u8.ToArray());
        Assert.Equal("from one", await ReadTextAsync(other, 8));
        await other.WriteAsync("from the other"u8.ToArray());
        Assert.Equal("from the other", await ReadTextAsync(one, 14));
    }

    private static async Task<string> ReadTextAsync(Stream stream, int length)
    {
        byte[] bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes);
        return Encoding.ASCII.GetString(bytes);
    }

    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        byte[] bytes = new byte[1_000];
        int count = 0;
        while (await stream.ReadAsync(bytes.AsMemory(count)) is > 0 and int more) count += more;
        return Encoding.ASCII.GetString(bytes, 0, count);
    }
}
