using Microsoft.Extensions.Time.Testing;
using Plexus.Identities;

namespace Plexus.Tests.Identities;

public sealed class IdentityCreationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));

    private IdentityRepository Repository => field ??= new(_folder["repo"], _clock);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_identity_loads_as_host_and_lasts_ten_years()
    {
        Identity made = Repository.Create(IdentityName.Parse("me@example.com/laptop"), 2048);
        Identity loaded = Repository.LoadHost(made.Name);
        Assert.Equal(made.KeyIdText, loaded.KeyIdText);
        Assert.Equal(2048, loaded.KeyBits);
        Assert.Equal(_clock.GetUtcNow().AddYears(10), loaded.Expires);
        Assert.Contains("CN=me@example.com", loaded.Certificate.Subject, StringComparison.Ordinal);
        Assert.Contains("laptop", loaded.Certificate.Subject, StringComparison.Ordinal);
        Assert.Empty(Repository.Verify());
    }

    [Fact]
    public void The_private_key_is_only_for_its_owner()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        Repository.Create(IdentityName.Parse("me/laptop"), 2048);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["repo", "me", "laptop", "private.key"]));
        Assert.Equal(["cert.crt", "private.key"], Directory.GetFileSystemEntries(_folder["repo", "me", "laptop"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Nothing_is_overwritten_without_asking()
    {
        IdentityName name = IdentityName.Parse("me/laptop");
        string first = Repository.Create(name, 2048).KeyIdText;
        Fails(() => Repository.Create(name, 2048), "--force");
        Assert.Equal(first, Repository.LoadHost(name).KeyIdText);
        Assert.NotEqual(first, Repository.Create(name, 2048, overwrite: true).KeyIdText);
        Assert.Empty(Repository.Verify());
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(2049)]
    [InlineData(16384)]
    public void A_key_is_neither_weak_nor_endless(int bits) =>
        Fails(() => Repository.Create(IdentityName.Parse("me/laptop"), bits), "2048 to 8192");

    [Theory]
    [InlineData("me/", "both parts")]
    [InlineData(".me/x", "hidden")]
    [InlineData("me/-x", "dash")]
    [InlineData("me/x.", "ends with a dot")]
    [InlineData("me/a:b", "Windows")]
    [InlineData("nul/x", "device")]
    [InlineData("me/com1.txt", "device")]
    [InlineData("m\u200be/x", "cannot be seen")]
    public void A_name_that_means_something_else_somewhere_is_refused(string name, string reason)
    {
        Fails(() => Repository.Create(IdentityName.Parse(name), 2048), reason);
        Assert.False(Directory.Exists(Repository.Path));
    }

    [Fact]
    public void A_failed_write_leaves_nothing_behind()
    {
        Directory.CreateDirectory(_folder["repo"]);
        File.WriteAllText(_folder["repo", "me"], "a file where the owner's folder should be");
        Fails(() => Repository.Create(IdentityName.Parse("me/laptop"), 2048), "Nothing was changed");
        Assert.Equal(["me"], Directory.GetFileSystemEntries(_folder["repo"], "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public void An_interrupted_stage_leaves_nothing_behind()
    {
        using (StagedFiles files = new())
        {
            files.AddFolder(_folder["repo", "me", "x"]);
            files.Add(_folder["repo", "me", "x", "private.key"], [1, 2, 3], StagedFiles.SecretMode, overwrite: false);
            Assert.True(Directory.Exists(_folder["repo", "me", "x"]));
        }

        Assert.False(Directory.Exists(_folder["repo"]));
    }

    private static void Fails(Action action, string reason)
    {
        PlexusException failure = Assert.Throws<PlexusException>(action);
        Assert.Equal(PlexusStage.Identity, failure.Stage);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }
}
