using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Plexus.Identities;

namespace Plexus.Tests.Identities;

public sealed class IdentityImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));

    private IdentityRepository Repository => field ??= new(_folder.Path, _clock);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_certificate_comes_in_as_PEM_or_DER()
    {
        Repository.Import(SampleKeys.Bob, SampleKeys.Certificate("bob"));
        Repository.Import(SampleKeys.Carol, X509CertificateLoader.LoadCertificate(SampleKeys.Certificate("carol")).RawData);
        Assert.Equal(SampleKeys.IdOf("bob"), Repository.LoadPeer(SampleKeys.Bob).KeyIdText);
        Assert.Equal(SampleKeys.IdOf("carol"), Repository.LoadPeer(SampleKeys.Carol).KeyIdText);
        Assert.Empty(Repository.Verify());
    }

    [Fact]
    public void What_was_exported_comes_in_again_and_holds_no_key()
    {
        Identity made = Repository.Create(IdentityName.Parse("me/laptop"), 2048);
        string exported = Repository.Export(made.Name);
        Assert.DoesNotContain("PRIVATE", exported, StringComparison.Ordinal);
        using TemporaryFolder other = new();
        Identity imported = new IdentityRepository(other.Path, _clock).Import(made.Name, Encoding.ASCII.GetBytes(exported));
        Assert.Equal(made.KeyIdText, imported.KeyIdText);
        Assert.Equal(made.Fingerprint, imported.Fingerprint);
    }

    [Fact]
    public void Text_around_the_certificate_does_no_harm()
    {
        byte[] mail = [.. "Hello,\nhere it is:\n\n"u8, .. SampleKeys.Certificate("bob"), .. "\nBye\n"u8];
        Assert.Equal(SampleKeys.IdOf("bob"), Repository.Import(SampleKeys.Bob, mail).KeyIdText);
    }

    [Fact]
    public void A_private_key_in_the_file_is_refused() => Refused(
        SampleKeys.Bob, [.. SampleKeys.Certificate("bob"), .. File.ReadAllBytes(SampleKeys.File("bob.key"))], "private key");

    [Fact]
    public void A_key_that_is_not_RSA_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=x", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(_clock.GetUtcNow(), _clock.GetUtcNow().AddDays(1));
        Refused(SampleKeys.Bob, certificate.RawData, "no RSA key");
    }

    [Fact]
    public void An_expired_certificate_is_refused()
    {
        using TemporaryFolder other = new();
        IdentityRepository theirs = new(other.Path, _clock);
        theirs.Create(SampleKeys.Bob, 2048);
        byte[] exported = Encoding.ASCII.GetBytes(theirs.Export(SampleKeys.Bob));
        _clock.Advance(TimeSpan.FromDays(3654));
        Refused(SampleKeys.Bob, exported, "expired");
    }

    [Fact]
    public void One_key_has_one_name()
    {
        Repository.Import(SampleKeys.Bob, SampleKeys.Certificate("bob"));
        Refused(IdentityName.Parse("other/name"), SampleKeys.Certificate("bob"), "already as 'bob@example.com/hostb'");
    }

    [Fact]
    public void A_name_is_not_given_away_to_another_key_without_asking()
    {
        Repository.Import(SampleKeys.Bob, SampleKeys.Certificate("bob"));
        Refused(SampleKeys.Bob, SampleKeys.Certificate("carol"), "--force");
        Repository.Import(SampleKeys.Bob, SampleKeys.Certificate("carol"), overwrite: true);
        Assert.Equal(SampleKeys.IdOf("carol"), Repository.LoadPeer(SampleKeys.Bob).KeyIdText);
    }

    [Fact]
    public void Ones_own_identity_is_not_replaced_even_when_asked()
    {
        Identity mine = Repository.Create(IdentityName.Parse("me/laptop"), 2048);
        Refused(mine.Name, SampleKeys.Certificate("bob"), "of your own", overwrite: true);
        Assert.Equal(mine.KeyIdText, Repository.LoadHost(mine.Name).KeyIdText);
    }

    [Theory]
    [InlineData("bоb@example.com/hostb")] // Cyrillic o.
    [InlineData("Bob@example.com/other")]
    [InlineData("bob@example.com/HOSTB")]
    public void A_name_that_looks_like_another_is_refused(string name)
    {
        Repository.Import(SampleKeys.Bob, SampleKeys.Certificate("bob"));
        Refused(IdentityName.Parse(name), SampleKeys.Certificate("carol"), "looks like 'bob@example.com/hostb'");
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----")]
    public void What_is_no_certificate_is_refused(string file) => Refused(SampleKeys.Bob, Encoding.ASCII.GetBytes(file), "not a certificate");

    [Fact]
    public void Dates_that_nobody_can_read_are_refused_before_somebody_asks_for_them()
    {
        byte[] der = X509CertificateLoader.LoadCertificate(SampleKeys.Certificate("bob")).RawData;
        int year = der.AsSpan().IndexOf((byte[])[0x17, 13]) + 2; // UTCTime, 13 characters.
        der[year] = (byte)'x';
        Refused(SampleKeys.Bob, der, "not a certificate");
    }

    [Fact]
    public void Every_truncation_and_many_changes_of_a_certificate_are_read_or_refused_without_harm()
    {
        byte[] der = X509CertificateLoader.LoadCertificate(SampleKeys.Certificate("bob")).RawData;
        for (int length = 0; length < der.Length; length++) Assert.False(CertificateFile.TryReadCertificate(der.AsSpan(0, length), out _, out _, out _));
        for (int at = 0; at < der.Length; at += 3)
        {
            byte[] changed = [.. der];
            changed[at] ^= 0x55;
            CertificateFile.TryReadCertificate(changed, out _, out _, out _);
        }
    }

    private void Refused(IdentityName name, byte[] file, string reason, bool overwrite = false)
    {
        string[] before = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        PlexusException failure = Assert.Throws<PlexusException>(() => Repository.Import(name, file, overwrite));
        Assert.Equal(PlexusStage.Identity, failure.Stage);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }
}
