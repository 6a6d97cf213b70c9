using System.Text.RegularExpressions;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Tests;

/// <summary>Keeps the manual true to the program.</summary>
public sealed partial class ManualTests
{
    private static readonly string Manual = Read("docs", "command-line.md");

    [Fact]
    public void Every_option_stands_in_the_manual_with_its_default() => Assert.All(ClassicOptions.All, option =>
    {
        string shown = option.IsFlag ? $"`{option.Dashed}`" : $"`{option.Dashed}={option.Value}`";
        string row = Assert.Single(Manual.Split('\n'), line => line.StartsWith($"| {shown} |", StringComparison.Ordinal));
        if (option.Default is { } value) Assert.Contains($"`{value}`", row, StringComparison.Ordinal);
        Assert.Equal(option.IsRequired, row.Contains("| required |", StringComparison.Ordinal));
    });

    [Fact]
    public void Every_option_of_the_manual_is_there() => Assert.All(
        Option().Matches(Manual).Select(match => match.Groups[1].Value), name => Assert.Contains(ClassicOptions.All, option => option.Name == name));

    [Fact]
    public void Every_option_and_variable_of_the_tunnel_stands_in_its_manual()
    {
        string page = Read("docs", "wormhole.md");
        Assert.All(WormholeOptions.All, option =>
        {
            string shown = option.IsFlag ? $"`{option.Dashed}`" : $"`{option.Dashed}={option.Value!.Replace("|", "\\|", StringComparison.Ordinal)}`";
            string row = Assert.Single(page.Split('\n'), line => line.StartsWith($"| {shown} |", StringComparison.Ordinal));
            if (option.Default is { } value) Assert.Contains($"`{value}`", row, StringComparison.Ordinal);
            Assert.Equal(option.IsRequired, row.Contains("| required |", StringComparison.Ordinal));
        });
        Assert.All(Option().Matches(page).Select(match => match.Groups[1].Value), name => Assert.Contains(WormholeOptions.All, option => option.Name == name));
        Assert.All([WormholeSettingsReader.SecretVariable, .. TubusSettings.Names], name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_variable_stands_in_the_manual() => Assert.All(
        (string[])["PLEXUS_HANDSHAKE_TIMEOUT", "PLEXUS_RESPONSE_TIMEOUT", "PLEXUS_DHT_AWAIT_TIMEOUT", "PLEXUS_EMAIL_MIN_POLLING_TIMEOUT", "PLEXUS_EMAIL_MAX_POLLING_TIMEOUT", "PLEXUS_INVITE_TOKEN", "PLEXUS_ACCEPT_TOKEN", "PLEXUS_ADVENT_TOKEN"],
        name =>
        {
            Assert.Contains($"| `{name}` |", Manual, StringComparison.Ordinal);
            EnvironmentSettings read = EnvironmentSettings.Read(asked => asked == name ? "two words" : null);
            Assert.StartsWith(name, Assert.Single(read.Complaints), StringComparison.Ordinal);
        });

    [Fact]
    public void Every_wildcard_stands_in_the_manual() =>
        Assert.All(ExecWildcards.Names, name => Assert.Contains($"`{name}`", Read("docs", "exec.md"), StringComparison.Ordinal));

    [Fact]
    public void Every_exit_code_stands_in_the_manual()
    {
        int[] codes = [ExitCodes.Success, ExitCodes.Unexpected, ExitCodes.Interrupted, ExitCodes.Terminated, .. Enum.GetValues<PlexusStage>().Select(ExitCodes.Of)];
        string page = Read("docs", "exit-codes.md");
        Assert.All(codes, code => Assert.Contains($"\n| {code} |", page, StringComparison.Ordinal));
    }

    private static string Read(params string[] parts)
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent!;
        return File.ReadAllText(Path.Combine([folder.FullName, .. parts])).ReplaceLineEndings("\n");
    }

    [GeneratedRegex(@"^\| `--([\w-]+)", RegexOptions.Multiline)]
    private static partial Regex Option();
}
