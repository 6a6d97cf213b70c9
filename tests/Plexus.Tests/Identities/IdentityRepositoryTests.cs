using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Plexus.Identities;

namespace Plexus.Tests.Identities;

public sealed class IdentityRepositoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));

    private IdentityRepository Repository => field ??= new(_folder.Path, _clock);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("alice", 2048)]
    [InlineData("bob", 2048)]
    [InlineData("carol", 4096)]
    public void The_key_id_is_the_one_OpenDHT_computes(string who, int bits)
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob", "carol"]);
        IdentityName name = Repository.List().Single(n => n.Owner.StartsWith(who, StringComparison.Ordinal));
        Identity identity = Repository.LoadPeer(name);
        Assert.Equal(SampleKeys.IdOf(who), identity.KeyIdText);
        Assert.Equal(bits, identity.KeyBits);
        Assert.False(identity.HasPrivateKey);
        Assert.Equal(2126, identity.Expires.Year);
    }

    [Fact]
    public void The_host_comes_with_its_private_key()
    {
        SampleKeys.Install(_folder.Path, ["alice"], "alice");
        Identity host = Repository.LoadHost(SampleKeys.Alice);
        byte[] text = [1, 2, 3];
        byte[] signature = host.PrivateKey!.SignData(text, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1);
        Assert.True(host.PublicKey.VerifyData(text, signature, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1));
        Assert.Equal("alice@example.com/hosta", host.ToString());
    }

    [Fact]
    public void What_is_missing_or_broken_is_named_with_its_file()
    {
        SampleKeys.Install(_folder.Path, ["alice"]);
        Assert.Contains("private.key", Fails(() => Repository.LoadHost(SampleKeys.Alice)), StringComparison.Ordinal);
        File.WriteAllText(_folder["alice@example.com", "hosta", "private.key"], File.ReadAllText(SampleKeys.File("bob.key")));
        Assert.Contains("does not belong", Fails(() => Repository.LoadHost(SampleKeys.Alice)), StringComparison.Ordinal);
        File.WriteAllText(_folder["alice@example.com", "hosta", "private.key"], File.ReadAllText(SampleKeys.File("alice.crt")));
        Assert.Contains("not an RSA private key", Fails(() => Repository.LoadHost(SampleKeys.Alice)), StringComparison.Ordinal);
        File.WriteAllText(_folder["alice@example.com", "hosta", "private.key"], Repository.LoadPeer(SampleKeys.Alice).PublicKey.ExportRSAPublicKeyPem());
        Assert.Contains("not an RSA private key", Fails(() => Repository.LoadHost(SampleKeys.Alice)), StringComparison.Ordinal);
        File.WriteAllText(_folder["alice@example.com", "hosta", "cert.crt"], "nothing");
        Assert.Contains("cert.crt", Fails(() => Repository.LoadPeer(SampleKeys.Alice)), StringComparison.Ordinal);
        File.WriteAllBytes(_folder["alice@example.com", "hosta", "cert.crt"], new byte[70_000]);
        Assert.Contains("64 KiB", Fails(() => Repository.LoadPeer(SampleKeys.Alice)), StringComparison.Ordinal);
        Assert.Contains("identity import", Fails(() => Repository.LoadPeer(SampleKeys.Bob)), StringComparison.Ordinal);
        Assert.Contains("identity create bob@example.com/hostb", Fails(() => Repository.LoadHost(SampleKeys.Bob)), StringComparison.Ordinal);
        Assert.Contains("no single identity", Fails(() => Repository.LoadPeer(IdentityName.Any)), StringComparison.Ordinal);
        Assert.Contains("is a file", Fails(() => new IdentityRepository(_folder["alice@example.com", "hosta", "cert.crt"]).List()), StringComparison.Ordinal);
        Assert.Contains("no repository", Fails(() => new IdentityRepository(_folder["absent"]).LoadPeer(SampleKeys.Bob)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_protected_key_is_told_from_a_broken_one()
    {
        SampleKeys.Install(_folder.Path, ["alice"], "alice");
        string key = Repository.LoadHost(SampleKeys.Alice).PrivateKey!.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));
        File.WriteAllText(_folder["alice@example.com", "hosta", "private.key"], key);
        Assert.Contains("passphrase", Fails(() => Repository.LoadHost(SampleKeys.Alice)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("bob@example.com/", true)]
    [InlineData("/hostb", true)]
    [InlineData("bob@example.com/hostb", true)]
    [InlineData("alice@example.com/", false)]
    [InlineData("/hosta", false)]
    public void A_peer_is_found_by_its_key_when_the_filter_lets_it_in(string filter, bool found)
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob"]);
        Assert.Equal(found ? SampleKeys.Bob : null, Find("bob", filter)?.Name);
    }

    [Fact]
    public void A_certificate_added_while_running_is_found_within_a_second_and_not_before()
    {
        SampleKeys.Install(_folder.Path, ["alice"]);
        Assert.Null(Find("bob"));
        SampleKeys.Install(_folder.Path, ["bob"]);
        Assert.Null(Find("bob")); // One look a second, however often a stranger makes us look.
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(SampleKeys.Bob, Find("bob")?.Name);
    }

    [Fact]
    public void A_removed_or_replaced_certificate_stops_matching_at_once()
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob", "carol"]);
        Assert.NotNull(Find("bob"));
        File.Delete(_folder["bob@example.com", "hostb", "cert.crt"]);
        Assert.Null(Find("bob"));
        File.Copy(SampleKeys.File("bob.crt"), _folder["carol@example.com", "big", "cert.crt"], overwrite: true);
        Assert.Null(Find("carol"));
        Assert.Equal(SampleKeys.Carol, Find("bob")?.Name);
    }

    [Fact]
    public void Of_two_folders_with_one_key_the_first_by_name_wins_and_the_other_takes_over()
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob"]);
        Directory.CreateDirectory(_folder["aaron", "x"]);
        File.Copy(SampleKeys.File("bob.crt"), _folder["aaron", "x", "cert.crt"]);
        Assert.Equal("aaron/x", Find("bob")?.Name.ToString());
        Assert.Equal(SampleKeys.Bob, Find("bob", "bob@example.com/")?.Name);
        File.Delete(_folder["aaron", "x", "cert.crt"]);
        Assert.Equal(SampleKeys.Bob, Find("bob")?.Name);
    }

    [Fact]
    public void Nonsense_in_the_repository_hides_nobody()
    {
        SampleKeys.Install(_folder.Path, ["bob"]);
        File.WriteAllText(_folder["stray"], "x");
        Directory.CreateDirectory(_folder["aaron", "x", "cert.crt"]);
        Directory.CreateDirectory(_folder["aaron", "with blank"]);
        Directory.CreateDirectory(_folder["aaron", "y"]);
        File.WriteAllText(_folder["aaron", "y", "cert.crt"], "no certificate");
        Assert.Equal(SampleKeys.Bob, Find("bob")?.Name);
        Assert.Equal(["aaron/x", "aaron/y", "bob@example.com/hostb"], Repository.List().Select(n => n.ToString()));
    }

    [Fact]
    public void A_missing_repository_has_no_peers() => Assert.Null(new IdentityRepository(_folder["absent"]).FindPeer(new byte[20], IdentityName.Any));

    private Identity? Find(string who, string filter = "/") =>
        Repository.FindPeer(Convert.FromHexString(SampleKeys.IdOf(who)), IdentityName.Parse(filter));

    private static string Fails(Action action)
    {
        PlexusException failure = Assert.Throws<PlexusException>(action);
        Assert.Equal(PlexusStage.Identity, failure.Stage);
        return failure.Message;
    }
}
