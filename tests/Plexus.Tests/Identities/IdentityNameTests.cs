using Plexus.Identities;

namespace Plexus.Tests.Identities;

public sealed class IdentityNameTests
{
    [Theory]
    [InlineData("alice@example.com/hosta", "alice@example.com", "hosta")]
    [InlineData("/", "", "")]
    [InlineData("alice/", "alice", "")]
    [InlineData("/hosta", "", "hosta")]
    [InlineData("jörg@example.com/büro", "jörg@example.com", "büro")]
    public void A_name_or_filter_is_read(string text, string owner, string pin)
    {
        Assert.True(IdentityName.TryParse(text, out IdentityName? name));
        Assert.Equal((owner, pin), (name.Owner, name.Pin));
        Assert.Equal(text, name.ToString());
        Assert.Equal(owner.Length > 0 && pin.Length > 0, name.IsComplete);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData("a/b/c")]
    [InlineData("a b/c")]
    [InlineData("a/b\t")]
    [InlineData("a/b\n")]
    [InlineData("../..")]
    [InlineData("a/..")]
    [InlineData("./a")]
    [InlineData("a\\b/c")]
    [InlineData("a\0/b")]
    [InlineData("a\u00a0b/c")]
    [InlineData("a\ud800/b")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(IdentityName.TryParse(text, out _));
        if (text is not null) Assert.Throws<FormatException>(() => IdentityName.Parse(text));
    }

    [Theory] // The table of the original: what --peer-info lets in.
    [InlineData("/", "a/x", true)]
    [InlineData("a/", "a/x", true)]
    [InlineData("a/", "b/x", false)]
    [InlineData("/x", "b/x", true)]
    [InlineData("/x", "b/y", false)]
    [InlineData("a/x", "a/x", true)]
    [InlineData("a/x", "a/y", false)]
    [InlineData("a/x", "A/x", false)]
    public void A_filter_covers_what_its_parts_name(string filter, string name, bool covered) =>
        Assert.Equal(covered, IdentityName.Parse(filter).Covers(IdentityName.Parse(name)));

    [Theory]
    [InlineData("bob", "Bob")]
    [InlineData("bob", "bób")]
    [InlineData("bob", "bo\u0301b")]
    [InlineData("bob", "bоb")] // Cyrillic o.
    [InlineData("bob", "ｂｏｂ")]
    [InlineData("bob", "𝐛𝐨𝐛")]
    [InlineData("bob", "bo\u200bb")]
    [InlineData("bob", "bob.")]
    [InlineData("host1", "host①")]
    public void Names_that_look_alike_are_seen_through(string left, string right) => Assert.True(LookAlikes.Confusable(left, right));

    [Theory]
    [InlineData("bob", "bob")]
    [InlineData("bob", "rob")]
    [InlineData("host1", "host2")]
    [InlineData("日本", "日木")]
    public void Different_names_stay_different(string left, string right) => Assert.False(LookAlikes.Confusable(left, right));
}
