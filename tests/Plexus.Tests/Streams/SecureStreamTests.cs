using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Plexus.Identities;
using Plexus.Lab;
using Plexus.Streams;

namespace Plexus.Tests.Streams;

/// <summary>TLS over a line in memory.</summary>
public sealed class SecureStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_talk_and_nobody_between_reads_it()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        StringBuilder seen = new();
        client.Disturb = server.Disturb = bytes => seen.Append(Encoding.Latin1.GetString(bytes));
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        await alice.WriteAsync("attack at dawn"u8.ToArray(), Token);
        Assert.Equal("attack at dawn", await ReadTextAsync(bob, 14));
        await bob.WriteAsync("rather at noon"u8.ToArray(), Token);
        Assert.Equal("rather at noon", await ReadTextAsync(alice, 14));
        Assert.DoesNotContain("attack", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("noon", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("alice/laptop", seen.ToString(), StringComparison.Ordinal); // TLS 1.3 hides certificates, too.
    }

    public static TheoryData<string> Unusual => ["4096", "expired", "future", "mail"];

    [Theory]
    [MemberData(nameof(Unusual))]
    public async Task What_else_a_pinned_certificate_says_does_not_matter(string what)
    {
        Identity bob = what switch
        {
            "4096" => TestIdentities.Big,
            "expired" => TestIdentities.Make("bob/server", from: -2, to: -1),
            "future" => TestIdentities.Make("bob/server", from: 1, to: 2),
            _ => TestIdentities.Make("bob/server", forMailOnly: true),
        };
        foreach (bool bobIsServer in (bool[])[true, false])
        {
            (MemoryLine client, MemoryLine server) = MemoryLine.Make();
            (SecureStream first, SecureStream second) = bobIsServer
                ? await OpenAsync(client, server, TestIdentities.Alice, bob, bob, TestIdentities.Alice)
                : await OpenAsync(client, server, bob, TestIdentities.Alice, TestIdentities.Alice, bob);
            await first.WriteAsync("x"u8.ToArray(), Token);
            Assert.Equal("x", await ReadTextAsync(second, 1));
        }
    }

    [Fact]
    public async Task A_key_that_is_too_small_is_told_before_anything_is_sent()
    {
        Identity small = TestIdentities.Make("bob/server", bits: 1_024);
        foreach ((Identity host, Identity peer) in ((Identity, Identity)[])[(TestIdentities.Alice, small), (small, TestIdentities.Alice)])
        {
            (MemoryLine client, _) = MemoryLine.Make();
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(() => SecureStream.OpenAsync(client, true, host, peer, Token));
            Assert.Contains("bob/server has 1024 bits", e.Message, StringComparison.Ordinal);
            Assert.Equal(PlexusStage.Payload, e.Stage);
            Assert.Equal(0, client.Written);
            Assert.False(client.IsDisposed);
        }
    }

    [Theory] // An impostor with a key of his own; the true key under another certificate.
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_with_another_certificate_is_refused(bool sameKey)
    {
        Identity shown = sameKey ? TestIdentities.Renewed(TestIdentities.Bob) : TestIdentities.Impostor;
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        Task<SecureStream> accepting = SecureStream.OpenAsync(server, false, shown, TestIdentities.Alice, Token);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => SecureStream.OpenAsync(client, true, TestIdentities.Alice, TestIdentities.Bob, Token));
        Assert.Contains("another certificate than the one of bob/server", e.Message, StringComparison.Ordinal);
        Assert.False(client.IsDisposed);
        await client.DisposeAsync();
        // It has done its part, and hears of the refusal when it reads.
        SecureStream impostor = await accepting;
        await Assert.ThrowsAnyAsync<IOException>(() => impostor.ReadAsync(new byte[1], Token).AsTask());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_with_another_certificate_is_refused_and_knows_it(bool sameKey)
    {
        Identity shown = sameKey ? TestIdentities.Renewed(TestIdentities.Alice) : TestIdentities.Make("alice/laptop");
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        Task<SecureStream> inviting = SecureStream.OpenAsync(client, true, shown, TestIdentities.Bob, Token);
        PlexusException theirs = await Assert.ThrowsAsync<PlexusException>(
            () => SecureStream.OpenAsync(server, false, TestIdentities.Bob, TestIdentities.Alice, Token));
        Assert.Contains("another certificate than the one of alice/laptop", theirs.Message, StringComparison.Ordinal);
        await server.DisposeAsync();
        PlexusException ours = await Assert.ThrowsAsync<PlexusException>(() => inviting);
        Assert.Contains("bob/server refused our certificate", ours.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no certificate")]
    [InlineData("TLS 1.2")]
    [InlineData("no protocol")]
    [InlineData("another protocol")]
    public async Task A_client_that_wants_less_gets_nothing(string what)
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        SslClientAuthenticationOptions options = new TlsTerms(TestIdentities.Alice, TestIdentities.Bob).Client();
        if (what == "no certificate") options.ClientCertificateContext = null;
        if (what == "TLS 1.2") options.EnabledSslProtocols = SslProtocols.Tls12;
        if (what == "no protocol") options.ApplicationProtocols = null;
        if (what == "another protocol") options.ApplicationProtocols = [new("h2")];
        await using SslStream weak = new(client);
        Task inviting = weak.AuthenticateAsClientAsync(options, Token);
        PlexusException e = await Assert.ThrowsAsync<PlexusException>(
            () => SecureStream.OpenAsync(server, false, TestIdentities.Bob, TestIdentities.Alice, Token));
        Assert.Contains("alice/laptop", e.Message, StringComparison.Ordinal);
        await server.DisposeAsync();
        await inviting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("")]
    public async Task What_is_no_tls_is_refused(string greeting)
    {
        foreach (bool isClient in (bool[])[true, false])
        {
            (MemoryLine ours, MemoryLine theirs) = MemoryLine.Make();
            await theirs.WriteAsync(Encoding.ASCII.GetBytes(greeting), Token);
            theirs.End();
            PlexusException e = await Assert.ThrowsAsync<PlexusException>(
                () => SecureStream.OpenAsync(ours, isClient, TestIdentities.Alice, TestIdentities.Bob, Token));
            Assert.Contains("bob/server", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_handshake_with_nobody_ends_when_it_is_cancelled()
    {
        (MemoryLine client, _) = MemoryLine.Make();
        using CancellationTokenSource stop = new();
        Task<SecureStream> opening = SecureStream.OpenAsync(client, true, TestIdentities.Alice, TestIdentities.Bob, stop.Token);
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        Assert.False(client.IsDisposed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_direction_ends_by_itself(bool clientFirst)
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        (SecureStream first, SecureStream second) = clientFirst ? (alice, bob) : (bob, alice);
        await first.WriteAsync("question"u8.ToArray(), Token);
        await first.CompleteWritesAsync(Token);
        Assert.Equal("question", await ReadToEndAsync(second));
        Assert.Equal(0, await second.ReadAsync(new byte[1], Token)); // Again and again.
        await Assert.ThrowsAsync<InvalidOperationException>(() => first.WriteAsync(new byte[1], Token).AsTask());
        await second.WriteAsync("answer"u8.ToArray(), Token);
        await second.CompleteWritesAsync(Token);
        Assert.Equal("answer", await ReadToEndAsync(first));
    }

    [Fact]
    public async Task A_cut_is_not_an_end()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        await alice.WriteAsync("half of i"u8.ToArray(), Token);
        client.Cut();
        Assert.Equal("half of i", await ReadTextAsync(bob, 9));
        IOException e = await Assert.ThrowsAsync<IOException>(() => bob.ReadAsync(new byte[9], Token).AsTask());
        Assert.Equal("The stream was cut off: alice/laptop has not said that it is at its end.", e.Message);
        await Assert.ThrowsAsync<IOException>(() => bob.ReadAsync(new byte[9], Token).AsTask());
    }

    [Fact]
    public async Task An_end_counts_even_if_the_line_is_cut_right_behind_it()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        await alice.WriteAsync("all of it"u8.ToArray(), Token);
        await alice.CompleteWritesAsync(Token);
        client.Cut();
        Assert.Equal("all of it", await ReadToEndAsync(bob));
    }

    [Fact]
    public async Task A_record_that_was_changed_or_repeated_ends_the_stream()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        client.Disturb = bytes => bytes[^1] ^= 1;
        await alice.WriteAsync("hello"u8.ToArray(), Token);
        IOException e = await Assert.ThrowsAsync<IOException>(() => bob.ReadAsync(new byte[5], Token).AsTask());
        Assert.StartsWith("What arrived is no TLS record of alice/laptop", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_may_be_given_up_and_begun_again()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        using CancellationTokenSource stop = new();
        Task<int> reading = bob.ReadAsync(new byte[5], stop.Token).AsTask();
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await alice.WriteAsync("hello"u8.ToArray(), Token);
        Assert.Equal("hello", await ReadTextAsync(bob, 5));
    }

    [Fact]
    public async Task A_write_that_was_given_up_half_way_can_not_be_followed_by_another()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, _) = await OpenAsync(client, server);
        using CancellationTokenSource stop = new();
        Task writing = alice.WriteAsync(new byte[4_000_000], stop.Token).AsTask(); // More than the line takes.
        Assert.False(writing.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(() => alice.WriteAsync(new byte[1], Token).AsTask());
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await Assert.ThrowsAsync<IOException>(() => alice.WriteAsync(new byte[1], Token).AsTask());
    }

    [Fact]
    public async Task A_reader_that_waits_hears_that_its_own_side_was_closed()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, _) = await OpenAsync(client, server);
        Task<int> reading = alice.ReadAsync(new byte[1], Token).AsTask();
        await alice.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => reading);
    }

    [Fact]
    public async Task Several_records_go_down_in_one_write()
    {
        (MemoryLine client, MemoryLine server) = MemoryLine.Make();
        (SecureStream alice, SecureStream bob) = await OpenAsync(client, server);
        int before = client.Writes;
        byte[] sent = RandomNumberGenerator.GetBytes(4 * SecureStream.WriteUnit);
        Task writing = alice.WriteAsync(sent, Token).AsTask();
        byte[] received = new byte[sent.Length];
        await bob.ReadExactlyAsync(received, Token);
        await writing;
        Assert.Equal(sent, received);
        Assert.Equal(4, client.Writes - before);
    }

    [Fact]
    public void On_the_laboratorys_clock_it_stays_on_its_thread()
    {
        using Internet internet = new(seed: 1);
        string heard = "";
        internet.Run(
            async () =>
            {
                (MemoryLine client, MemoryLine server) = MemoryLine.Make();
                Task<SecureStream> accepting = SecureStream.OpenAsync(
                    server, false, TestIdentities.Bob, TestIdentities.Alice, CancellationToken.None);
                SecureStream alice = await SecureStream.OpenAsync(
                    client, true, TestIdentities.Alice, TestIdentities.Bob, CancellationToken.None);
                SecureStream bob = await accepting;
                Task<string> reading = ReadToEndAsync(bob);
                await Task.Delay(TimeSpan.FromHours(1), internet.Clock);
                await alice.WriteAsync("an hour later"u8.ToArray());
                await alice.CompleteWritesAsync(CancellationToken.None);
                heard = await reading;
            },
            TimeSpan.FromHours(2));
        Assert.Equal("an hour later", heard);
        Assert.Equal(0, internet.Loop.ForeignPosts);
    }

    private static Task<(SecureStream Client, SecureStream Server)> OpenAsync(MemoryLine client, MemoryLine server) =>
        OpenAsync(client, server, TestIdentities.Alice, TestIdentities.Bob, TestIdentities.Bob, TestIdentities.Alice);

    private static async Task<(SecureStream Client, SecureStream Server)> OpenAsync(
        MemoryLine client, MemoryLine server, Identity clientHost, Identity clientPeer, Identity serverHost, Identity serverPeer)
    {
        Task<SecureStream> accepting = SecureStream.OpenAsync(server, false, serverHost, serverPeer, Token);
        SecureStream inviting = await SecureStream.OpenAsync(client, true, clientHost, clientPeer, Token);
        return (inviting, await accepting);
    }

    private static async Task<string> ReadTextAsync(SecureStream stream, int length)
    {
        byte[] bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes);
        return Encoding.ASCII.GetString(bytes);
    }

    private static async Task<string> ReadToEndAsync(SecureStream stream)
    {
        byte[] bytes = new byte[1_000];
        int count = 0;
        while (await stream.ReadAsync(bytes.AsMemory(count)) is > 0 and int more) count += more;
        return Encoding.ASCII.GetString(bytes, 0, count);
    }
}
