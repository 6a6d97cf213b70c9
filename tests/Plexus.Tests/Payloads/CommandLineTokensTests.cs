using CsCheck;
using Plexus.Payloads;

namespace Plexus.Tests.Payloads;

public sealed class CommandLineTokensTests
{
    [Theory] // As the original cuts them (docs/exec.md).
    [InlineData("", "")]
    [InlineData("a b", "a|b")]
    [InlineData("  a \t b  ", "a|b")]
    [InlineData("a\"b c\"", "ab c")]
    [InlineData("--opt=\"v w\"", "--opt=v w")]
    [InlineData("'a b' \"c d\"", "a b|c d")]
    [InlineData(@"a\ b", "a b")]
    [InlineData(@"\""a\"" \'b\'", "\"a\"|'b'")]
    [InlineData(@"a\\b", @"a\b")]
    [InlineData(@"a\nb", "a\nb")]
    [InlineData("\"a b", "a b")]
    public void A_line_is_cut_as_the_original_does(string line, string tokens) => Assert.Equal(tokens, string.Join('|', CommandLineTokens.Split(line)));

    [Theory] // Where the original surprises or refuses.
    [InlineData("\"it's x\" y", "it's x|y")]
    [InlineData("'say \"hi\"'", "say \"hi\"")]
    [InlineData(@"C:\path\x", @"C:\path\x")]
    [InlineData(@"a\", @"a\")]
    public void A_line_that_surprised_means_what_it_looks_like(string line, string tokens) =>
        Assert.Equal(tokens, string.Join('|', CommandLineTokens.Split(line)));

    [Fact]
    public void A_quoted_empty_argument_is_an_argument() => Assert.Equal(["a", "", "b", ""], CommandLineTokens.Split("a \"\" b ''"));

    [Fact]
    public void Any_argument_can_be_written() => Gen.String.Array.Sample(arguments =>
    {
        string line = string.Join(' ', arguments.Select(a => '"' + a.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"'));
        return CommandLineTokens.Split(line).SequenceEqual(arguments);
    });

    [Theory]
    [InlineData("a|b c", "a \"b c\"")]
    [InlineData("a||b", "a \"\" b")]
    [InlineData("a\"b", "\"a\\\"b\"")]
    [InlineData(@"C:\p q\", "\"C:\\p q\\\\\"")]
    [InlineData(@"C:\p\", @"C:\p\")]
    [InlineData("a\\\"b", "\"a\\\\\\\"b\"")]
    public void Windows_gets_one_line_that_reads_back(string arguments, string line) => Assert.Equal(line, WindowsCommandLine.Join(arguments.Split('|')));
}
