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

    [Fact]
    public async Task The_tunnel_is_promised_under_its_name_only()
    {
        ProgramRun run = await ProgramRun.OfAsync(isWormhole: true, "--purpose=export");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("not available in this build yet", run.Error, StringComparison.Ordinal);
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
