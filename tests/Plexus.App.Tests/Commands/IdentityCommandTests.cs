using System.Text.Json;

namespace Plexus.App.Tests.Commands;

public sealed class IdentityCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_identity_goes_from_its_maker_to_its_peer()
    {
        ProgramRun made = await RunAsync("mine", "create", "me@example.com/laptop", "--key-bits", "2048");
        Assert.Equal(0, made.ExitCode);
        Assert.Contains("identity export", made.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync("mine", "export", "me@example.com/laptop", "--output", _folder["me.crt"])).ExitCode);
        ProgramRun imported = await RunAsync("theirs", "import", "me@example.com/laptop", _folder["me.crt"]);
        Assert.Equal(0, imported.ExitCode);
        Assert.Contains("Compare the fingerprint", imported.Error, StringComparison.Ordinal);
        Assert.Equal(Line(made.Output, "fingerprint"), Line(imported.Output, "fingerprint"));
        Assert.Equal(Line(made.Output, "DHT id"), Line(imported.Output, "DHT id"));
        Assert.False(File.Exists(_folder["theirs", "me@example.com", "laptop", "private.key"]));

        ProgramRun list = await RunAsync("theirs", "list");
        Assert.Matches("^me@example.com/laptop  peer  RSA 2048, expires ", list.Output);
        Assert.Equal(0, (await RunAsync("theirs", "verify")).ExitCode);
    }

    [Fact]
    public async Task What_cannot_be_written_or_read_is_named_without_temporary_files()
    {
        await RunAsync("mine", "create", "me/laptop", "--key-bits", "2048");
        string[][] lines =
        [
            ["export", "me/laptop", "--output", _folder["absent", "me.crt"]],
            ["import", "you/desk", _folder["absent.crt"]],
            ["import", "you/desk", _folder["mine"]],
        ];
        string[] sentences =
        [
            $"plexus: The certificate was not written to '{_folder["absent", "me.crt"]}': its folder does not exist.",
            $"plexus: '{_folder["absent.crt"]}' cannot be read: it does not exist.",
            $"plexus: '{_folder["mine"]}' cannot be read: it is a folder.",
        ];
        for (int i = 0; i < lines.Length; i++)
        {
            ProgramRun run = await RunAsync("mine", lines[i]);
            Assert.Equal((3, sentences[i]), (run.ExitCode, run.Error.TrimEnd()));
        }
    }

    [Fact]
    public async Task A_list_of_nothing_says_so()
    {
        await RunAsync("mine", "create", "me/laptop", "--key-bits", "2048");
        ProgramRun run = await RunAsync("mine", "list", "you/");
        Assert.Equal((0, ""), (run.ExitCode, run.Output));
        Assert.Contains("fits 'you/'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_read_JSON()
    {
        await RunAsync("mine", "create", "me/laptop", "--key-bits", "2048");
        using JsonDocument shown = JsonDocument.Parse((await RunAsync("mine", "show", "me/laptop", "--json")).Output);
        Assert.Equal("me/laptop", shown.RootElement.GetProperty("name").GetString());
        Assert.True(shown.RootElement.GetProperty("hasPrivateKey").GetBoolean());
        Assert.Matches("^([0-9A-F]{2}:){31}[0-9A-F]{2}$", shown.RootElement.GetProperty("fingerprint").GetString()!);
        Assert.Matches("^[0-9a-f]{40}$", shown.RootElement.GetProperty("dhtId").GetString()!);
        using JsonDocument list = JsonDocument.Parse((await RunAsync("mine", "list", "--json")).Output);
        Assert.Equal(1, list.RootElement.GetArrayLength());
        using JsonDocument verified = JsonDocument.Parse((await RunAsync("mine", "verify", "--json")).Output);
        Assert.Equal(0, verified.RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Findings_are_told_with_their_mending_and_an_exit_code()
    {
        await RunAsync("mine", "create", "me/laptop", "--key-bits", "2048");
        File.WriteAllText(_folder["mine", "note"], "x");
        ProgramRun warned = await RunAsync("mine", "verify");
        Assert.Equal(0, warned.ExitCode);
        Assert.StartsWith("warning: ", warned.Output, StringComparison.Ordinal);
        File.WriteAllText(_folder["mine", "me", "laptop", "cert.crt"], "x");
        ProgramRun wrong = await RunAsync("mine", "verify", "--json");
        Assert.Equal(3, wrong.ExitCode);
        Assert.Contains("\"weight\": \"Error\"", wrong.Output, StringComparison.Ordinal);
        Assert.Contains("me/laptop  host  The certificate", (await RunAsync("mine", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_overwritten_without_force()
    {
        await RunAsync("mine", "create", "me/laptop", "--key-bits", "2048");
        File.WriteAllText(_folder["there"], "mine");
        ProgramRun refused = await RunAsync("mine", "export", "me/laptop", "--output", _folder["there"]);
        Assert.Equal(3, refused.ExitCode);
        Assert.Equal("mine", File.ReadAllText(_folder["there"]));
        Assert.Equal(0, (await RunAsync("mine", "export", "me/laptop", "--output", _folder["there"], "--force")).ExitCode);
        Assert.Equal((await RunAsync("mine", "export", "me/laptop")).Output, File.ReadAllText(_folder["there"]));
    }

    [Fact]
    public async Task A_name_outside_ASCII_is_warned_about()
    {
        ProgramRun made = await RunAsync("mine", "create", "jörg/büro", "--key-bits", "2048");
        Assert.Equal(0, made.ExitCode);
        Assert.Contains("can look like others", made.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_is_one_sentence_with_the_code_of_its_stage()
    {
        ProgramRun run = await RunAsync("absent", "show", "me/laptop");
        Assert.Equal((3, ""), (run.ExitCode, run.Output));
        Assert.Matches("^plexus: There is no repository .*\n$", run.Error.ReplaceLineEndings("\n"));
    }

    private static string Line(string text, string beginning) =>
        text.Split('\n').Single(line => line.StartsWith(beginning, StringComparison.Ordinal));

    private Task<ProgramRun> RunAsync(string repository, params string[] arguments) =>
        ProgramRun.OfAsync(["identity", .. arguments, "--app-repo", _folder[repository]]);
}
