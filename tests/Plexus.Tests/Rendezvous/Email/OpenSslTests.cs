using System.Diagnostics;
using System.Text;
using Plexus.Rendezvous.Email;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>Our letters in the eyes of OpenSSL, with the calls of the original, and OpenSSL's in ours.</summary>
public sealed class OpenSslTests : IDisposable
{
    private const string Text = "PLEXUS 3.0 198.51.100.12 38880 10400899255685499034";

    private readonly SampleLetters _letters = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _letters.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("smime")]
    [InlineData("cms")]
    public void OpenSsl_reads_our_letters(string verb)
    {
        byte[] letter = SealedLetter.Seal(_letters.Bob, _letters.Alice, SampleLetters.Subject, Text, DateTimeOffset.UtcNow, SampleLetters.Extension);
        File.WriteAllBytes(_folder["sealed"], Part(letter));
        Run(verb, "-decrypt", "-in", _folder["sealed"], "-recip", SampleKeys.File("alice.crt"), "-inkey", SampleKeys.File("alice.key"), "-out", _folder["signed"]);
        Run(verb, "-verify", "-in", _folder["signed"], "-certfile", SampleKeys.File("bob.crt"), "-noverify", "-out", _folder["text"]);
        Assert.Equal(Text, File.ReadAllText(_folder["text"]));
        Assert.NotEqual(0, Start(verb, "-verify", "-in", _folder["signed"], "-certfile", SampleKeys.File("carol.crt"), "-noverify", "-out", _folder["text"]));
    }

    [Theory] // What PKCS7_sign and PKCS7_encrypt of an original make, and what other releases may choose.
    [InlineData("smime", "-des3")]
    [InlineData("smime", "-aes256")]
    [InlineData("cms", "-aes128")]
    public void We_read_letters_of_OpenSsl(string verb, string cipher)
    {
        File.WriteAllText(_folder["text"], Text);
        Run(verb, "-sign", "-nocerts", "-md", "sha256", "-in", _folder["text"], "-signer", SampleKeys.File("bob.crt"), "-inkey", SampleKeys.File("bob.key"), "-out", _folder["signed"]);
        Run(verb, "-encrypt", cipher, "-in", _folder["signed"], "-out", _folder["sealed"], SampleKeys.File("alice.crt"));
        Assert.Equal(LetterFlaw.None, SealedLetter.Open(File.ReadAllBytes(_folder["sealed"]), _letters.Alice, out OpenedLetter? opened));
        Assert.Equal(Text, opened!.Text.Trim());
        Assert.True(opened.IsSignedBy(_letters.Bob));
    }

    private static byte[] Part(byte[] letter)
    {
        string text = Encoding.UTF8.GetString(letter);
        string boundary = text[text.IndexOf("\r\n\r\n------", StringComparison.Ordinal)..].Split("\r\n")[2];
        return Encoding.UTF8.GetBytes(text.Split(boundary + "\r\n")[1].Split("\r\n" + boundary)[0]);
    }

    private static void Run(params string[] arguments) => Assert.Equal(0, Start(arguments));

    private static int Start(params string[] arguments)
    {
        ProcessStartInfo start = new("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardOutput.ReadToEndAsync();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            TestContext.Current.TestOutputHelper?.WriteLine(error);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("The openssl tool is not installed.");
            throw;
        }
    }
}
