using Plexus.Payloads;

namespace Plexus.Tests.Payloads;

public sealed class ExecWildcardsTests
{
    [Theory]
    [InlineData(CommandOptions.DefaultArguments, "0.0.0.0 5000 198.51.100.7 6000 2001:db8::9 7000")]
    [InlineData("%secret%", "17687476512432925332")]
    [InlineData("%hostpin% %peerpin%", "hosta hostb")]
    [InlineData("%hostemail% %hostmail%", "alice@example.com alice@example.com")]
    [InlineData("%peeremail% %peermail%", "bob@example.com bob@example.com")]
    [InlineData("--to=%peerip%:%peerport%!", "--to=2001:db8::9:7000!")]
    [InlineData("100% %unknown% %SECRET% %%", "100% %unknown% %SECRET% %%")]
    [InlineData("%x%peerport%", "%x7000")]
    public void Wildcards_become_values(string text, string expected) => Assert.Equal(expected, ExecWildcards.Expand(text, SampleTicket.Make()));

    [Fact]
    public void A_value_brings_in_no_wildcard() =>
        Assert.Equal("%secret%", ExecWildcards.Expand("%peerpin%", SampleTicket.Make(peer: "bob/%secret%")));

    [Fact]
    public void A_value_is_never_cut()
    {
        LaunchPlan plan = LaunchPlan.Make(
            new() { Command = "sh", Arguments = "a %peerpin% \"x %hostpin%\"" }, SampleTicket.Make("a/'q", "b/\"--evil\"\u2003".TrimEnd()));
        Assert.Equal(["sh", "a", "\"--evil\"", "x 'q"], plan.Arguments);
    }

    [Fact]
    public void Every_name_of_the_manual_is_replaced() => Assert.All(ExecWildcards.Names, name => Assert.DoesNotContain('%', ExecWildcards.Expand(name, SampleTicket.Make())));

    [Fact]
    public void Asking_for_the_secret_is_noticed()
    {
        Assert.True(ExecWildcards.MentionSecret("--psk=%secret%"));
        Assert.False(ExecWildcards.MentionSecret(CommandOptions.DefaultArguments));
    }
}
