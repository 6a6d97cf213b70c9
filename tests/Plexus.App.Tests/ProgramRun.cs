namespace Plexus.App.Tests;

/// <summary>One run of the program inside the test, with what it wrote.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    public static Task<ProgramRun> OfAsync(params string[] arguments) => OfAsync(isWormhole: false, arguments);

    public static async Task<ProgramRun> OfAsync(bool isWormhole, params string[] arguments)
    {
        using Interrupts interrupts = new();
        StringWriter output = new();
        StringWriter error = new();
        int exitCode = await Program.RunAsync(arguments, isWormhole, output, error, interrupts);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
