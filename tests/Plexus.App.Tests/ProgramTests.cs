using Plexus.App.Settings;

namespace Plexus.App.Tests;

public sealed class ProgramTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("--hel")]
    [InlineData("-h")]
    public async Task Help_lists_every_option_with_its_default_and_succeeds(string argument)
    {
        ProgramRun run = await ProgramRun.OfAsync(argument);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.All(ClassicOptions.All, option =>
        {
            Assert.Contains("  " + option.Dashed, run.Output, StringComparison.Ordinal);
            if (option.Default is { } value) Assert.Contains(value.Split(' ')[0], run.Output, StringComparison.Ordinal);
        });
        Assert.All(Composition.Root().Subcommands, command => Assert.Contains($"  {command.Name} ", run.Output, StringComparison.Ordinal));
        Assert.All(run.Output.Split('\n'), line => Assert.True(line.Length <= 105, line));
    }

    [Fact]
    public async Task The_version_is_told()
    {
        ProgramRun run = await ProgramRun.OfAsync("--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^plexus \d+\.\d+\.\d+", run.Output);
    }

    [Fact]
    public async Task Nothing_to_do_says_where_to_begin()
    {
        ProgramRun run = await ProgramRun.OfAsync();
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("plexus --help", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--app-id")]
    [InlineData("--nonsense")]
    [InlineData("--accept")]
    [InlineData("nonsense")]
    [InlineData("identity", "nonsense")]
    [InlineData("identity", "show", "no-slash", "--app-repo", "x")]
    [InlineData("identity", "show", "a/b")]
    public async Task A_mistake_of_the_user_is_told_shortly_on_standard_error(params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.NotEmpty(run.Error);
        Assert.True(run.Error.Split('\n').Length < 8, run.Error);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory] // What is missing is named, with its form and its meaning or the place to read more.
    [InlineData("'plexus identity' needs a command: create, list, ", "identity")]
    [InlineData("'plexus identity create' needs <name>: ", "identity", "create", "--app-repo", "x")]
    [InlineData("'plexus identity create' needs --app-repo=<dir>: ", "identity", "create", "a/b")]
    [InlineData("--app-repo has no value; write --app-repo=<dir>.", "identity", "create", "a/b", "--app-repo")]
    [InlineData("'plexus dht ping' needs <host[:port]>: ", "dht", "ping")]
    [InlineData("'--nonsense' is unknown; see: plexus dht ping --help", "dht", "ping", "host", "--nonsense")]
    [InlineData("'--nonsense' is unknown; see: plexus identity --help", "identity", "list", "--app-repo", "x", "--nonsense")]
    [InlineData("'indentity' is unknown; did you mean identity?", "indentity")]
    public async Task What_a_subcommand_lacks_is_named(string sentence, params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("plexus: " + sentence, run.Error, StringComparison.Ordinal);
    }

    [Fact] // The file is called plexus-app, or as its user likes.
    public async Task Help_calls_the_program_by_its_name()
    {
        ProgramRun run = await ProgramRun.OfAsync("identity", "create", "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("  plexus identity create <name> [options]", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(System.CommandLine.RootCommand.ExecutableName, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_that_cannot_be_written_is_told_in_a_sentence()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full, a device of Linux");
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using OutputStream result = new(full, isForSentences: false);
        PlexusException e = Assert.Throws<PlexusException>(() => result.Write([1]));
        Assert.Equal(PlexusStage.Settings, e.Stage);
        Assert.StartsWith("Standard output cannot be written: no space left on device", e.Message, StringComparison.Ordinal);
        using OutputStream sentences = new(full, isForSentences: true);
        sentences.Write([1]); // Nobody is left to be told.
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--hel")]
    public async Task The_tunnels_help_lists_its_options_and_succeeds(string argument)
    {
        ProgramRun run = await ProgramRun.OfAsync(isWormhole: true, argument);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.All(WormholeOptions.All, option => Assert.Contains("  " + option.Dashed, run.Output, StringComparison.Ordinal));
        Assert.All(run.Output.Split('\n'), line => Assert.True(line.Length <= 105, line));
    }

    [Theory]
    [InlineData("wormhole: --service is missing; give --service=host:port: ", "--purpose=export")]
    [InlineData("wormhole: --accept is unknown; wormhole --help lists the options.", "--accept")]
    [InlineData("wormhole: --log is ambiguous; it could be --log-level, --log-file.", "--log=x")]
    [InlineData("wormhole: --purpose is given twice; give it once.", "--purpose=export", "--purpose=import")]
    [InlineData("wormhole: --gateway has no value; write --gateway=ip:port.", "--gateway")]
    [InlineData("wormhole: 'export' is not an option; ", "export")]
    [InlineData("wormhole: nothing to do; wormhole --help lists the options.")]
    public async Task A_mistake_in_the_tunnels_line_is_one_sentence_under_its_name(string sentence, params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(isWormhole: true, arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith(sentence, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(PlexusStage.Settings, 2)]
    [InlineData(PlexusStage.Identity, 3)]
    [InlineData(PlexusStage.Exploration, 4)]
    [InlineData(PlexusStage.Rendezvous, 5)]
    [InlineData(PlexusStage.Punching, 6)]
    [InlineData(PlexusStage.Payload, 7)]
    public void Every_stage_has_its_exit_code(PlexusStage stage, int code) => Assert.Equal(code, ExitCodes.Of(stage));
}
