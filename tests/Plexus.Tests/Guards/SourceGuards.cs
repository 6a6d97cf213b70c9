using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Plexus.Tests.Guards;

/// <summary>Keeps what ARCHITECTURE.md and CONTRIBUTING.md promise, by reading the source.</summary>
public sealed partial class SourceGuards
{
    private const int LongestFile = 400; // Lines; above that a file asks to be two.

    // The last column of the table of stages in ARCHITECTURE.md.
    private static readonly Dictionary<string, string[]> MayName = new()
    {
        ["Identities"] = [],
        ["Sockets"] = [],
        ["Dht"] = ["Sockets"],
        ["Exploration"] = ["Sockets"],
        ["Rendezvous"] = ["Dht", "Identities", "Sockets"],
        ["Punching"] = ["Exploration", "Identities", "Passages", "Rendezvous"],
        ["Passages"] = ["Exploration", "Identities", "Sockets"],
        ["Payloads"] = ["Identities", "Passages"],
        ["Streams"] = ["Identities", "Passages", "Sockets"],
        ["Tunnels"] = ["Passages", "Sockets", "Streams"],
    };

    [Fact]
    public void A_stage_names_only_the_stages_it_may() => Assert.Empty(
        from file in Source.Files("src/Plexus")
        let stage = file.Split(Path.DirectorySeparatorChar)[0]
        where MayName.ContainsKey(stage)
        from Match use in Namespace().Matches(Source.Read("src", "Plexus", file))
        let used = use.Groups[1].Value
        where used != stage && MayName.ContainsKey(used) && !MayName[stage].Contains(used)
        select $"{file} names {used}");

    [Fact]
    public void Every_folder_of_the_library_is_a_known_stage() => Assert.Empty(
        Source.Files("src/Plexus").Where(file => file.Contains(Path.DirectorySeparatorChar))
            .Select(file => file.Split(Path.DirectorySeparatorChar)[0]).Distinct().Except(MayName.Keys));

    [Fact]
    public void The_library_never_leaves_its_context() => Assert.Empty(
        from file in Source.Files("src/Plexus")
        from Match use in Leaving().Matches(Source.Read("src", "Plexus", file))
        select $"{file}: {use.Value}");

    [Fact]
    public void No_file_is_long() => Assert.Empty(
        from folder in (string[])["src", "tests", "bench"]
        from file in Source.Files(folder)
        let lines = Source.Read(folder, file).Count(c => c == '\n')
        where lines > LongestFile
        select $"{folder}/{file} has {lines} lines");

    [Fact]
    public void Every_namespace_is_its_folder() => Assert.Empty(
        from file in Source.Files("src")
        let expected = Path.GetDirectoryName(file)!.Replace(Path.DirectorySeparatorChar, '.')
        from Match declared in Declaration().Matches(Source.Read("src", file))
        where declared.Groups[1].Value != expected
        select $"{file} is in {declared.Groups[1].Value}");

    [Fact]
    public void Every_package_has_its_reason() => Assert.Empty(
        from package in XDocument.Parse(Source.Read("Directory.Packages.props")).Descendants("PackageVersion")
        let name = package.Attribute("Include")!.Value
        where !Source.Read("docs", "dependencies.md").Contains($"| {name} |", StringComparison.Ordinal)
        select name);

    [Fact]
    public void The_code_of_the_librarys_page_is_compiled()
    {
        string compiled = Flat(Source.Read("tests", "Plexus.Tests", "Guards", "LibraryPage.cs"));
        string[] pieces = [.. CodeBlock().Matches(Source.Read("docs", "library.md").ReplaceLineEndings("\n")).Select(match => Flat(match.Groups[1].Value))];
        Assert.NotEmpty(pieces);
        Assert.All(pieces, piece => Assert.Contains(piece, compiled, StringComparison.Ordinal));
    }

    private static string Flat(string code) => string.Join('\n', code.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\bPlexus\.(\w+)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bConfigureAwait\((?:false|ConfigureAwaitOptions\.(?![^)]*ContinueOnCapturedContext))|\bTask\.Run\b|\bThread\.Sleep\b|\bTask\.Factory\b|\bTask\.Delay\([^,()]*\)")]
    private static partial Regex Leaving();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
