using Microsoft.Extensions.Time.Testing;
using Plexus.Identities;

namespace Plexus.Tests.Identities;

public sealed class RepositoryInspectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_good_repository_has_no_findings()
    {
        SampleKeys.Install(_folder.Path, ["alice", "bob", "carol"], "alice");
        Assert.Empty(Verify());
    }

    [Theory]
    [InlineData("a key of somebody else", "does not belong", FindingWeight.Error)]
    [InlineData("no key at all", "not an RSA private key", FindingWeight.Error)]
    [InlineData("an open key", "mode is 644", FindingWeight.Error)]
    [InlineData("a writable certificate", "mode is 666", FindingWeight.Error)]
    [InlineData("a broken certificate", "not a certificate", FindingWeight.Error)]
    [InlineData("a key in the certificate", "holds a private key", FindingWeight.Error)]
    [InlineData("a missing certificate", "no cert.crt", FindingWeight.Error)]
    [InlineData("a bad folder", "cannot be part", FindingWeight.Error)]
    [InlineData("a stray file", "does not belong", FindingWeight.Warning)]
    [InlineData("a leftover", "does not belong", FindingWeight.Warning)]
    [InlineData("a twin", "looks like", FindingWeight.Warning)]
    [InlineData("the same key twice", "also that of", FindingWeight.Warning)]
    [InlineData("an expired certificate", "expired", FindingWeight.Warning)]
    [InlineData("a certificate from the future", "valid only from", FindingWeight.Warning)]
    public void What_is_wrong_is_found_with_a_way_to_mend_it(string damage, string problem, FindingWeight weight)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && problem.StartsWith("mode", StringComparison.Ordinal), "Windows has no file modes");
        SampleKeys.Install(_folder.Path, ["alice", "bob"], "alice");
        Damage(damage);
        RepositoryFinding finding = Verify().First(f => f.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.Equal(weight, finding.Weight);
        Assert.StartsWith(_folder.Path, finding.Path, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Mend);
    }

    private void Damage(string damage)
    {
        string key = _folder["alice@example.com", "hosta", "private.key"];
        string certificate = _folder["alice@example.com", "hosta", "cert.crt"];
        switch (damage)
        {
            case "a key of somebody else": File.Copy(SampleKeys.File("bob.key"), key, overwrite: true); break;
            case "no key at all": File.WriteAllText(key, "x"); break;
            case "an open key": Mode(key, "rw-r--r--"); break;
            case "a writable certificate": Mode(certificate, "rw-rw-rw-"); break;
            case "a broken certificate": File.WriteAllText(certificate, "x"); break;
            case "a key in the certificate": File.AppendAllText(certificate, File.ReadAllText(key)); break;
            case "a missing certificate": File.Delete(certificate); break;
            case "a bad folder": Directory.CreateDirectory(_folder["alice@example.com", "a b"]); break;
            case "a stray file": File.WriteAllText(_folder["note.txt"], "x"); break;
            case "a leftover": File.WriteAllText(_folder["alice@example.com", "hosta", ".private.key.abc.tmp"], "x"); break;
            case "a twin": Twin(SampleKeys.File("carol.crt"), "Bob@example.com"); break;
            case "the same key twice": Twin(SampleKeys.File("bob.crt"), "carol@example.com"); break;
            case "an expired certificate": _clock.SetUtcNow(new(2127, 1, 1, 0, 0, 0, TimeSpan.Zero)); break;
            case "a certificate from the future": new IdentityRepository(_folder.Path, new FakeTimeProvider(new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero))).Create(IdentityName.Parse("dora/x"), 2048); break;
        }
    }

    private void Twin(string certificate, string owner)
    {
        Directory.CreateDirectory(_folder[owner, "hostb"]);
        File.Copy(certificate, _folder[owner, "hostb", "cert.crt"]);
    }

    private static void Mode(string path, string mode)
    {
        if (OperatingSystem.IsWindows()) return;
        UnixFileMode bits = 0;
        for (int i = 0; i < mode.Length; i++) if (mode[i] != '-') bits |= (UnixFileMode)(1 << (8 - i));
        File.SetUnixFileMode(path, bits);
    }

    private IReadOnlyList<RepositoryFinding> Verify() => new IdentityRepository(_folder.Path, _clock).Verify();
}
