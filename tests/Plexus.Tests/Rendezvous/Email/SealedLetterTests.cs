using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Rendezvous.Email;

namespace Plexus.Tests.Rendezvous.Email;

public sealed class SealedLetterTests : IDisposable
{
    private const string Text = "PLEXUS 3.0 198.51.100.12 38880 10400899255685499034";

    private readonly SampleLetters _letters = new();

    public void Dispose() => _letters.Dispose();

    [Theory]
    [MemberData(nameof(SampleLetters.Names), MemberType = typeof(SampleLetters))]
    public void A_letter_of_the_original_is_read(string version, string subject)
    {
        (Identity sender, Identity recipient) = subject == "invite" ? (_letters.Bob, _letters.Alice) : (_letters.Alice, _letters.Bob);
        Assert.Equal(LetterFlaw.None, SealedLetter.Open(SampleLetters.Captured(version, subject), recipient, out OpenedLetter? opened));
        Assert.Equal(SampleLetters.CapturedText(version, subject), opened!.Text);
        Assert.True(IntroductionText.TryRead(opened.Text, out _));
        Assert.True(opened.IsSignedBy(sender));
        Assert.False(opened.IsSignedBy(recipient));
        Assert.False(opened.IsSignedBy(_letters.Carol));
        Assert.InRange(opened.SignedAt!.Value, SampleLetters.CaptureDay, SampleLetters.CaptureDay.AddDays(1));
        Assert.Equal(sender.Certificate.SerialNumber, opened.SerialNumber);
    }

    [Fact]
    public void A_letter_has_the_very_form_of_the_originals()
    {
        Assert.Equal(Text, SampleLetters.CapturedText("3.2.3", "invite"));
        string theirs = Encoding.UTF8.GetString(SampleLetters.Captured("3.2.3", "invite"));
        string ours = Encoding.UTF8.GetString(SealedLetter.Seal(_letters.Bob, _letters.Alice, SampleLetters.Subject, Text, SampleLetters.CaptureDay));
        Assert.Equal(Frame(theirs), Frame(ours));
        Assert.Equal(
            Frame(Unbound(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "TestData", "smime", "3.2.3_invite.signed.txt")))),
            Frame(Unbound(Encoding.ASCII.GetString(Reopened(Encoding.UTF8.GetBytes(ours))))));
        Assert.All(ours.Split("\r\n"), line => Assert.InRange(line.Length, 0, 90));
        Assert.DoesNotContain("\n", ours.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_sealed_is_opened_by_its_recipient_alone()
    {
        byte[] letter = Seal();
        Assert.Equal(LetterFlaw.None, SealedLetter.Open(letter, _letters.Alice, out OpenedLetter? opened));
        Assert.Equal(Text, opened!.Text);
        Assert.Equal(SampleLetters.CaptureDay, opened.SignedAt);
        Assert.True(opened.IsSignedBy(_letters.Bob));
        Assert.Equal(LetterFlaw.NotForUs, SealedLetter.Open(letter, _letters.Bob, out OpenedLetter? none));
        Assert.Null(none);
        Assert.DoesNotContain("198.51.100.12", Encoding.Latin1.GetString(letter), StringComparison.Ordinal);
    }

    [Fact] // docs of the original's defects, number 1: whoever embeds a certificate is believed.
    public void An_embedded_signer_with_the_pinned_names_is_a_forgery()
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 lookAlike = SampleLetters.LookAlike(_letters.Bob.Certificate, key);
        byte[] letter = _letters.Forge(_letters.Alice, Text, signer => signer.IncludeOption = X509IncludeOption.EndCertOnly, lookAlike, key);
        Assert.Equal(LetterFlaw.None, SealedLetter.Open(letter, _letters.Alice, out OpenedLetter? opened));
        Assert.Equal(_letters.Bob.Certificate.SerialNumber, opened!.SerialNumber);
        Assert.False(opened.IsSignedBy(_letters.Bob));
    }

    [Fact]
    public void An_embedded_certificate_that_is_the_pinned_one_does_no_harm()
    {
        byte[] letter = _letters.Forge(_letters.Alice, Text, signer => signer.IncludeOption = X509IncludeOption.EndCertOnly);
        SealedLetter.Open(letter, _letters.Alice, out OpenedLetter? opened);
        Assert.True(opened!.IsSignedBy(_letters.Bob));
    }

    [Fact]
    public void A_key_of_ones_own_under_the_pinned_names_is_a_forgery()
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 lookAlike = SampleLetters.LookAlike(_letters.Bob.Certificate, key);
        SealedLetter.Open(_letters.Forge(_letters.Alice, Text, _ => { }, lookAlike, key), _letters.Alice, out OpenedLetter? opened);
        Assert.False(opened!.IsSignedBy(_letters.Bob));
    }

    [Fact]
    public void Another_certificate_of_the_same_authority_is_not_the_peers()
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 sibling = new CertificateRequest("CN=sibling", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .Create(_letters.Bob.Certificate.IssuerName, X509SignatureGenerator.CreateForRSA(_letters.Bob.PrivateKey!, RSASignaturePadding.Pkcs1),
                SampleLetters.CaptureDay, SampleLetters.CaptureDay.AddYears(1), [7]);
        SealedLetter.Open(
            _letters.Forge(_letters.Alice, Text, signer => signer.IncludeOption = X509IncludeOption.EndCertOnly, sibling, key), _letters.Alice, out OpenedLetter? opened);
        Assert.False(opened!.IsSignedBy(_letters.Bob));
    }

    [Fact]
    public void A_changed_text_is_a_forgery()
    {
        SealedLetter.Open(Seal(), _letters.Alice, out OpenedLetter? opened);
        Assert.True(opened!.IsSignedBy(_letters.Bob));
        byte[] entity = Reopened(Seal());
        byte[] changed = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(entity).Replace("198.51.100.12", "198.51.100.13", StringComparison.Ordinal));
        SealedLetter.Open(SealedLetter.Wrap(_letters.Bob.Name, _letters.Alice, SampleLetters.Subject, changed), _letters.Alice, out opened);
        Assert.Contains("198.51.100.13", opened!.Text, StringComparison.Ordinal);
        Assert.False(opened.IsSignedBy(_letters.Bob));
    }

    [Fact]
    public void A_weak_digest_is_no_signature() => Assert.Equal(
        LetterFlaw.Unsigned,
        SealedLetter.Open(_letters.Forge(_letters.Alice, Text, signer => signer.DigestAlgorithm = new Oid("1.3.14.3.2.26")), _letters.Alice, out _));

    [Fact]
    public void A_letter_without_its_date_has_none()
    {
        SealedLetter.Open(_letters.Forge(_letters.Alice, Text, signer => signer.SignedAttributes.Remove(signer.SignedAttributes[0])), _letters.Alice, out OpenedLetter? opened);
        Assert.Null(opened!.SignedAt);
    }

    [Fact]
    public void The_same_signature_in_another_envelope_has_the_same_digest()
    {
        byte[] entity = Reopened(Seal());
        SealedLetter.Open(SealedLetter.Wrap(_letters.Bob.Name, _letters.Alice, SampleLetters.Subject, entity), _letters.Alice, out OpenedLetter? one);
        SealedLetter.Open(SealedLetter.Wrap(_letters.Carol.Name, _letters.Alice, "x", entity), _letters.Alice, out OpenedLetter? other);
        Assert.Equal(one!.Digest, other!.Digest);
        Assert.True(other.IsSignedBy(_letters.Bob)); // From is anybody's to write.
    }

    [Theory]
    [InlineData("From: hostb <bob@example.com>\r\nTo: hosta <alice@example.com>\r\nSubject: appname invite\r\n\r\nPLEXUS 3.0 1.2.3.4 5 6\r\n")]
    [InlineData("Subject: appname invite\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nPLEXUS 3.0 1.2.3.4 5 6\r\n--x--\r\n")]
    [InlineData("")]
    [InlineData("\0\0\0")]
    public void Clear_text_is_never_taken(string letter) =>
        Assert.NotEqual(LetterFlaw.None, SealedLetter.Open(Encoding.ASCII.GetBytes(letter), _letters.Alice, out _));

    [Fact]
    public void A_sealed_text_without_signature_is_not_taken() => Assert.Equal(
        LetterFlaw.Unsigned,
        SealedLetter.Open(
            SealedLetter.Wrap(_letters.Bob.Name, _letters.Alice, SampleLetters.Subject, Encoding.ASCII.GetBytes("\r\n" + Text + "\r\n")), _letters.Alice, out _));

    [Fact]
    public void What_servers_do_to_a_letter_does_not_matter()
    {
        string letter = Encoding.UTF8.GetString(SampleLetters.Captured("3.2.3", "invite"));
        string[] rewritten =
        [
            "Received: from x\r\n by y; z\r\n" + letter,
            letter.Replace("Subject: appname", "Subject: =?utf-8?q?appname?=", StringComparison.Ordinal),
            letter.Replace("\r\n", "\n", StringComparison.Ordinal),
            letter.Replace("boundary=", "\r\n boundary=", StringComparison.Ordinal),
            letter.Insert(letter.LastIndexOf("\r\n------", StringComparison.Ordinal), "\r\n------626f62406578616d706c652e636f6d\r\nContent-Type: text/plain\r\n\r\nSent by a list.\r\n"),
        ];
        foreach (string one in rewritten)
        {
            Assert.Equal(LetterFlaw.None, SealedLetter.Open(Encoding.UTF8.GetBytes(one), _letters.Alice, out OpenedLetter? opened));
            Assert.True(opened!.IsSignedBy(_letters.Bob));
        }
    }

    [Fact]
    public void Truncations_and_changed_bytes_neither_throw_nor_verify()
    {
        byte[] letter = SampleLetters.Captured("3.2.3", "invite");
        Random random = new(4);
        for (int at = 0; at < letter.Length; at += 23) SealedLetter.Open(letter.AsMemory(0, at), _letters.Alice, out _);
        for (int run = 0; run < 400; run++)
        {
            byte[] changed = [.. letter];
            int at = random.Next(letter.Length);
            changed[at] ^= (byte)(1 << random.Next(8));
            SealedLetter.Open(changed, _letters.Alice, out OpenedLetter? opened);
            if (opened?.IsSignedBy(_letters.Bob) == true) Assert.Equal(SampleLetters.CapturedText("3.2.3", "invite"), opened.Text);
        }

        byte[] entity = Reopened(letter);
        for (int at = 0; at < entity.Length; at++)
        {
            SignedEntity.TryRead(entity.AsSpan(0, at), out _);
            byte[] changed = [.. entity];
            changed[at] ^= (byte)(1 << random.Next(8));
            if (!SignedEntity.TryRead(changed, out SignedEntity? read)) continue;
            if (at % 5 != 0) continue;
            SealedLetter.Open(SealedLetter.Wrap(_letters.Bob.Name, _letters.Alice, "s", changed), _letters.Alice, out OpenedLetter? opened);
            if (opened?.IsSignedBy(_letters.Bob) == true) Assert.Equal(SampleLetters.CapturedText("3.2.3", "invite"), opened.Text);
        }
    }

    [Fact]
    public void A_huge_letter_is_not_even_read() =>
        Assert.Equal(LetterFlaw.TooLarge, SealedLetter.Open(new byte[SealedLetter.LargestLetter + 1], _letters.Alice, out _));

    private static string Unbound(string entity) => System.Text.RegularExpressions.Regex.Replace(entity, "[0-9A-F]{32}", "*");

    private static string Frame(string letter)
    {
        string[] lines = letter.Split("\r\n");
        int start = Array.FindIndex(lines, line => line.StartsWith("MI", StringComparison.Ordinal) && !line.StartsWith("MIME", StringComparison.Ordinal));
        int end = Array.FindIndex(lines, start, line => line.Length == 0);
        return string.Join('\n', [.. lines[..start], "...", .. lines[end..]]);
    }

    private byte[] Seal() => SealedLetter.Seal(_letters.Bob, _letters.Alice, SampleLetters.Subject, Text, SampleLetters.CaptureDay);

    private byte[] Reopened(byte[] letter)
    {
        using MemoryStream stream = new(letter);
        MimeKit.MimePart part = MimeKit.MimeMessage.Load(stream).BodyParts.OfType<MimeKit.MimePart>().First();
        using MemoryStream bytes = new();
        part.Content!.DecodeTo(bytes);
        EnvelopedCms envelope = new();
        envelope.Decode(bytes.ToArray());
        envelope.Decrypt(envelope.RecipientInfos[0], _letters.Alice.PrivateKey);
        return envelope.ContentInfo.Content;
    }
}
