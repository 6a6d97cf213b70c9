using System.Text.RegularExpressions;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Tests;

/// <summary>Keeps every page's links whole, and every command of the README such that the program takes it.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void The_program_takes_every_command_of_the_README()
    {
        string text = Continuation().Replace(File.ReadAllText(Path.Combine(Root, "README.md")).ReplaceLineEndings("\n"), " ");
        string[] lines =
        [
            .. text.Split('\n').Where(line => Command().IsMatch(line))
                .Select(line => Comment().Replace(line, "").Replace("sudo ", "", StringComparison.Ordinal).Split(" > ")[0].Trim()),
        ];
        Assert.True(lines.Length >= 12, $"only {lines.Length} commands found");
        Assert.All(lines, line =>
        {
            string[] words = [.. CommandLineTokens.Split(line).Skip(1)];
            if (words[0].StartsWith("--", StringComparison.Ordinal)) RequireRun(words);
            else Assert.Empty(Composition.Root().Parse(words).Errors);
        });
    }

    [Fact]
    public void Every_link_of_the_pages_leads_somewhere()
    {
        string[] pages = [.. Directory.GetFiles(Root, "*.md"), .. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)];
        Assert.Empty(
            from page in pages
            from Match link in Link().Matches(File.ReadAllText(page))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Path.GetDirectoryName(page)!, target)
            where !Path.Exists(path)
            select $"{Path.GetRelativePath(Root, page)} links to {target}");
    }

    private static void RequireRun(string[] words)
    {
        GivenOptions given = ClassicCommandLine.Read(words);
        foreach (ClassicOption required in ClassicOptions.All.Where(option => option.IsRequired)) Assert.NotNull(given[required]);
        Assert.Contains(given.Options, option => option == ClassicOptions.ExecCommand || option == ClassicOptions.Export || option == ClassicOptions.Import);
    }

    private static string FindRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Plexus.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex(@"\s*\\\n\s*")]
    private static partial Regex Continuation();

    [GeneratedRegex("^    (?:sudo )?plexus ")]
    private static partial Regex Command();

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\(([^)#\s]+)")]
    private static partial Regex Link();
}
