using System.CommandLine;

namespace Plexus.App.Commands;

/// <summary>Where a command writes: its result, and what a person should know besides.</summary>
/// <param name="Result">What another program may read.</param>
/// <param name="Notes">Advice and warnings.</param>
internal sealed record IdentityOutput(TextWriter Result, TextWriter Notes)
{
    public static IdentityOutput Of(ParseResult result) => new(result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
}
