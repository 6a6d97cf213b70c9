using Plexus.App.Demo;
using Plexus.App.Settings;
using Plexus.Payloads;

namespace Plexus.App.Tests.Demo;

public sealed class DemoInstructionsTests
{
    public static TheoryData<string> Lines { get; } =
        [.. DemoInstructions.Steps.SelectMany(step => step.Lines).Select(line => line.Line).Where(line => line.StartsWith("plexus ", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Every_line_that_the_demonstration_prints_is_understood(string line)
    {
        // The lines use no more of a shell than our own rule for arguments knows, but for the variable. A program that
        // exists stands for plexus in the PATH.
        line = line.Replace("$HOME", "/home/me", StringComparison.Ordinal)
            .Replace("--exec-command=plexus", $"--exec-command={Environment.ProcessPath}", StringComparison.Ordinal);
        string[] arguments = [.. CommandLineTokens.Split(line).Skip(1)];
        if (arguments[0].StartsWith("--", StringComparison.Ordinal))
        {
            ClassicSettings settings = ClassicSettingsReader.Read(ClassicCommandLine.Read(arguments), _ => null);
            Assert.Equal("demo talk", settings.Command!.Arguments);
        }
        else
        {
            Assert.Empty(Composition.Root().Parse(arguments).Errors);
        }
    }
}
