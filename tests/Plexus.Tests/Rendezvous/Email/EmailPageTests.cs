using System.Text;
using Plexus.Rendezvous.Email;
using Plexus.Tests.Guards;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>The letters on docs/protocols/rendezvous-email.md are ours and the original's, line by line.</summary>
public sealed class EmailPageTests : IDisposable
{
    private readonly SampleLetters _letters = new();

    public void Dispose() => _letters.Dispose();

    [Fact]
    public void The_pages_letter_is_what_is_written()
    {
        byte[] letter = SealedLetter.Seal(_letters.Bob, _letters.Alice, SampleLetters.Subject, "PLEXUS 3.0 198.51.100.12 38880 10400899255685499034", SampleLetters.CaptureDay);
        RequireAll(Block("From: hostb"), Encoding.UTF8.GetString(letter));
        RequireAll(Block("From: hostb"), Encoding.UTF8.GetString(SampleLetters.Captured("3.2.3", "invite")));
    }

    [Fact]
    public void The_pages_entity_is_what_the_original_wrote() => RequireAll(
        Block("MIME-Version: 1.0\n    Content-Type: multipart/signed"),
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "TestData", "smime", "3.2.3_invite.signed.txt")));

    [Fact]
    public void Every_reason_of_a_refusal_is_on_the_page()
    {
        string page = Source.Read("docs", "protocols", "rendezvous-email.md");
        Assert.All(Enum.GetNames<LetterFlaw>().Where(name => name != nameof(LetterFlaw.None)), name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    private static string[] Block(string start)
    {
        string page = Source.Read("docs", "protocols", "rendezvous-email.md").ReplaceLineEndings("\n");
        string block = page[page.IndexOf("    " + start, StringComparison.Ordinal)..];
        return [.. block.Split('\n').TakeWhile(line => line.Length == 0 || line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '(')];
    }

    private static void RequireAll(string[] lines, string text)
    {
        Assert.InRange(lines.Length, 10, 14);
        int at = 0;
        foreach (string line in lines)
        {
            int found = text.IndexOf(line + "\r\n", at, StringComparison.Ordinal);
            Assert.True(found >= 0, line);
            at = found + line.Length;
        }
    }
}
