using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Email;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>Every letter by which an original can be fooled or ended: refused, told once, left where it lies, and the service goes on.</summary>
public sealed class EmailForgeryTests : IDisposable
{
    private const string Alice = "alice@example.com";
    private const string Clear = "PLEXUS 3.0 203.0.113.66 4000 6";

    private readonly MailWorld _world = new();
    private readonly RSA _key = RSA.Create(2048);

    public void Dispose()
    {
        _key.Dispose();
        _world.Dispose();
    }

    [Fact] // Number 1.
    public void A_signer_who_embeds_a_certificate_of_his_own()
    {
        using X509Certificate2 lookAlike = SampleLetters.LookAlike(_world.Letters.Bob.Certificate, _key);
        Refuses(Forge(signer => signer.IncludeOption = X509IncludeOption.EndCertOnly, lookAlike, _key), "Forged");
    }

    [Fact] // Number 1.
    public void A_certificate_from_nobody()
    {
        using X509Certificate2 own = new CertificateRequest("CN=hostb", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(_world.Clock.GetUtcNow().AddDays(-1), _world.Clock.GetUtcNow().AddDays(1));
        Refuses(Forge(signer => signer.IncludeOption = X509IncludeOption.EndCertOnly, own, _key), "Stranger");
    }

    [Theory] // Numbers 2 and 26.
    [InlineData("hostb <bob@example.com>")]
    [InlineData("zz-hostb <bob@example.com.evil>")]
    [InlineData(".. <..>")]
    [InlineData("=?utf-8?q?host=62?= <bob@example.com>")]
    public void Clear_text_under_any_name(string from) =>
        Refuses(Encoding.ASCII.GetBytes($"From: {from}\r\nTo: hosta <alice@example.com>\r\nSubject: appname invite\r\n\r\n{Clear}\r\n"), "ClearText");

    [Fact] // Number 2: a text in an envelope proves nothing.
    public void Clear_text_in_an_envelope() => Refuses(
        SealedLetter.Wrap(SampleKeys.Bob, _world.Letters.Alice, "appname invite", Encoding.ASCII.GetBytes(Clear)), "Unsigned");

    [Fact] // Number 4: what was sealed for others, or was changed on the way.
    public void A_letter_to_somebody_else_and_one_that_was_changed()
    {
        byte[] letter = Forge(_ => { });
        Refuses(
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(SealedLetter.Wrap(SampleKeys.Bob, _world.Letters.Carol, "appname invite", [1, 2, 3]))
                .Replace("To: big <carol@example.com>", "To: hosta <alice@example.com>", StringComparison.Ordinal)), "NotForUs");
        int body = Encoding.ASCII.GetString(letter).IndexOf("MI", 400, StringComparison.Ordinal);
        Refuses([.. letter[..(body + 900)], .. Encoding.ASCII.GetBytes("AAAA"), .. letter[(body + 904)..]], null);
    }

    [Theory] // Number 5: letters of an original carry no freshness but the date of their signature.
    [InlineData(-17)]
    [InlineData(16)]
    public void A_letter_of_another_day(double minutes) => Refuses(
        Forge(signer => Date(signer, minutes)), minutes < 0 ? "Stale" : "FromTheFuture", isRemoved: true);

    [Fact] // Number 5.
    public void A_letter_without_its_date() => Refuses(Forge(signer => signer.SignedAttributes.Remove(signer.SignedAttributes[0])), "Undated");

    [Fact] // Number 5.
    public void A_replayed_letter()
    {
        byte[] letter = Forge(signer => Date(signer, 0));
        List<Invitation> told = Serve(letter, letter, letter);
        Assert.Equal(6UL, Assert.Single(told, invitation => invitation.Theirs.Puzzle == 6).Theirs.Puzzle);
        Assert.Single(_world.Log.Lines, line => line.Text.Contains("Replayed. This is told once", StringComparison.Ordinal));
    }

    [Theory] // Number 5: what ours have signed says what it was signed for.
    [InlineData(true, "appname", IntroductionKind.Invitation)]
    [InlineData(false, "another", IntroductionKind.Invitation)]
    [InlineData(false, "appname", IntroductionKind.Answer)]
    internal void A_letter_of_ours_on_another_occasion(bool isForCarol, string application, IntroductionKind kind)
    {
        Identity recipient = isForCarol ? _world.Letters.Carol : _world.Letters.Alice;
        Refuses(OfOurs(new(kind, application, _world.Letters.Bob.SubjectPublicKeyInfo, recipient.SubjectPublicKeyInfo)), "Misdirected", isRemoved: true);
    }

    [Fact] // The signature covers the extension: an invitation of ours cannot be made one of an original's.
    public void A_letter_whose_extension_was_taken_away()
    {
        byte[] content = Encoding.ASCII.GetBytes(Clear);
        SignedCms cms = new(new ContentInfo(content), detached: true);
        CmsSigner signer = new(SubjectIdentifierType.IssuerAndSerialNumber, _world.Letters.Bob.Certificate, _world.Letters.Bob.PrivateKey)
        {
            IncludeOption = X509IncludeOption.None, SignedAttributes = { new Pkcs9SigningTime(_world.Clock.GetUtcNow().UtcDateTime), LetterExtension.Attribute(SampleLetters.Extension) },
        };
        cms.ComputeSignature(signer);
        byte[] signed = cms.Encode();
        byte[] name = EncodedName();
        int at = signed.AsSpan().IndexOf(name);
        Assert.True(at > 0);
        signed[at + name.Length - 1] ^= 1; // Now it is somebody else's attribute.
        Refuses(SealedLetter.Wrap(SampleKeys.Bob, _world.Letters.Alice, "appname invite", new SignedEntity(content, signed).Write()), "Forged");
    }

    [Theory]
    [InlineData("c0")]
    [InlineData("8400920100")]
    [InlineData("8400920200010102ce6b03c2e003c41016cb052ddf14d171c6a0c438830b8bf8")]
    public void An_extension_that_breaks_the_rules_or_is_newer(string hex) => Refuses(
        SealedLetter.Seal(_world.Letters.Bob, _world.Letters.Alice, "appname invite", Clear, _world.Clock.GetUtcNow(), Convert.FromHexString(hex)),
        hex.StartsWith("84009202", StringComparison.Ordinal) ? "Newer" : "Extension", isRemoved: true);

    [Fact]
    public void An_answer_to_another_invitation_is_no_answer() => _world.Run(async () =>
    {
        Task<Introduction> inviting = _world.InviteAsync(7);
        await _world.After(2);
        foreach ((ulong asked, ulong puzzle) in (ReadOnlySpan<(ulong, ulong)>)[(6, 66), (7, 77)])
        {
            IntroductionOccasion occasion = new(
                IntroductionKind.Answer, "appname", _world.Letters.Alice.SubjectPublicKeyInfo, _world.Letters.Bob.SubjectPublicKeyInfo, new Puzzle(asked));
            _world.Mail.Deliver("bob@example.com", SealedLetter.Seal(
                _world.Letters.Alice, _world.Letters.Bob, "appname accept", $"PLEXUS 3.0 203.0.113.9 9 {puzzle}", _world.Clock.GetUtcNow(),
                PeerIntroduction.WriteExtension(PassageCapabilities.None, 1, occasion)));
        }

        Assert.Equal(77UL, (await inviting).Puzzle);
    });

    [Fact] // Number 26: each of these ended an original.
    public void Rubbish_of_every_kind()
    {
        Random random = new(3);
        byte[] noise = new byte[3000];
        random.NextBytes(noise);
        string head = "From: hostb <bob@example.com>\r\nTo: hosta <alice@example.com>\r\nSubject: appname invite\r\nMIME-Version: 1.0\r\n";
        string part = "Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        string deep = string.Concat(Enumerable.Range(0, 3000).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"));
        List<Invitation> told = Serve(
            Encoding.ASCII.GetBytes(head + "\r\n"),
            [.. Encoding.ASCII.GetBytes(head + part), .. noise],
            Encoding.ASCII.GetBytes(head + part + Convert.ToBase64String(noise)),
            Encoding.ASCII.GetBytes(head + part + "MIAGCSqGSIb3DQEHA6CAMIACAQAxgg=="),
            Encoding.ASCII.GetBytes(head + deep),
            Encoding.ASCII.GetBytes(head + part + new string('A', SealedLetter.LargestLetter)),
            SealedLetter.Wrap(SampleKeys.Bob, _world.Letters.Alice, "appname invite", new SignedEntity([1], [2]).Write()),
            SealedLetter.Seal(_world.Letters.Bob, _world.Letters.Alice, "appname invite", "PLEXUS 3.0 nonsense", _world.Clock.GetUtcNow()),
            SealedLetter.Seal(_world.Letters.Bob, _world.Letters.Alice, "appname invite", new string('x', 5000), _world.Clock.GetUtcNow()));
        Assert.Single(told);
    }

    [Fact]
    public void A_peer_who_is_not_let_in()
    {
        byte[] letter = SealedLetter.Seal(_world.Letters.Carol, _world.Letters.Alice, "appname invite", Clear, _world.Clock.GetUtcNow());
        List<Invitation> told = [];
        _world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            await using EmailRendezvous alice = _world.Rendezvous(_world.Letters.Alice);
            IAsyncEnumerator<Invitation> invitations = alice.AcceptAsync(_world.Letters.Alice, SampleKeys.Bob, stop.Token).GetAsyncEnumerator(CancellationToken.None);
            ValueTask<bool> first = invitations.MoveNextAsync();
            await _world.After(1);
            _world.Mail.Deliver(Alice, letter);
            _world.Mail.Deliver(Alice, Forge(_ => { }));
            Assert.True(await first);
            told.Add(invitations.Current);
            await invitations.DisposeAsync();
        });
        Assert.Equal(SampleKeys.Bob, Assert.Single(told).Peer.Name);
    }

    [Fact] // Who may write certificates may choose their names: the key decides.
    public void A_peer_who_took_the_names_of_another_peers_certificate_stays_himself()
    {
        using X509Certificate2 lookAlike = SampleLetters.LookAlike(_world.Letters.Bob.Certificate, _key);
        string folder = Path.Combine(_world.Letters.Repository.Path, "aaa@example.com", "mallory");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "cert.crt"), lookAlike.ExportCertificatePem());
        List<Invitation> told = Serve(Forge(_ => { }, lookAlike, _key));
        Assert.Equal(["aaa@example.com/mallory", "bob@example.com/hostb"], told.Select(invitation => invitation.Peer.Name.ToString()));
    }

    [Fact]
    public void An_answer_of_somebody_else_is_no_answer() => _world.Run(async () =>
    {
        Task<Introduction> inviting = _world.InviteAsync(7);
        await _world.After(2);
        string bob = "bob@example.com";
        _world.Mail.Deliver(bob, SealedLetter.Seal(_world.Letters.Carol, _world.Letters.Bob, "appname accept", Clear, _world.Clock.GetUtcNow()));
        using X509Certificate2 lookAlike = SampleLetters.LookAlike(_world.Letters.Alice.Certificate, _key);
        byte[] forged = _world.Letters.Forge(_world.Letters.Bob, Clear, signer => Date(signer, 0), lookAlike, _key);
        _world.Mail.Deliver(bob, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(forged).Replace("appname invite", "appname accept", StringComparison.Ordinal)));
        await _world.After(2);
        Assert.False(inviting.IsCompleted);
        _world.Mail.Deliver(bob, SealedLetter.Seal(_world.Letters.Alice, _world.Letters.Bob, "appname accept", "PLEXUS 3.0 203.0.113.9 9 9", _world.Clock.GetUtcNow()));
        Assert.Equal(9UL, (await inviting).Puzzle);
        Assert.Equal(2, _world.Mail.Inbox(bob).Letters.Count); // The forged ones.
    });

    private static void Date(CmsSigner signer, double minutes)
    {
        DateTime date = new DateTimeOffset(2030, 1, 1, 0, 0, 1, TimeSpan.Zero).AddMinutes(minutes).UtcDateTime;
        while (signer.SignedAttributes.Count > 0) signer.SignedAttributes.Remove(signer.SignedAttributes[0]);
        signer.SignedAttributes.Add(new Pkcs9SigningTime(date));
    }

    private static byte[] EncodedName()
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(IntroductionExtension.SignedAttribute);
        return writer.Encode();
    }

    private byte[] OfOurs(IntroductionOccasion occasion) => SealedLetter.Seal(
        _world.Letters.Bob, _world.Letters.Alice, "appname invite", Clear, _world.Clock.GetUtcNow(), PeerIntroduction.WriteExtension(PassageCapabilities.None, 1, occasion));

    private byte[] Forge(Action<CmsSigner> change, X509Certificate2? certificate = null, RSA? key = null) => _world.Letters.Forge(
        _world.Letters.Alice, Clear,
        signer =>
        {
            Date(signer, 0);
            change(signer);
        },
        certificate, key);

    private void Refuses(byte[] letter, string? reason, bool isRemoved = false)
    {
        List<Invitation> told = Serve(letter);
        Assert.Equal(7UL, Assert.Single(told).Theirs.Puzzle); // Only the true one.
        if (reason is not null)
        {
            Assert.Single(_world.Log.Lines, line => line.Level >= LogLevel.Information && line.Text.Contains($"is refused: {reason}.", StringComparison.Ordinal));
        }

        Assert.Equal(isRemoved ? 0 : 1, _world.Mail.Inbox(Alice).Letters.Count(mail => mail.Bytes == letter));
        _world.Mail.Inbox(Alice).Letters.Clear();
    }

    /// <summary>Delivers letters, and a true one behind them.</summary>
    private List<Invitation> Serve(params byte[][] letters)
    {
        List<Invitation> told = [];
        _world.Run(async () =>
        {
            using CancellationTokenSource stop = new();
            Task serving = _world.ServeAsync(told.Add, null, stop.Token);
            await _world.After(1);
            foreach (byte[] letter in letters) _world.Mail.Deliver(Alice, letter);
            Task<Introduction> inviting = _world.InviteAsync(7);
            Assert.Contains((await inviting).Puzzle, (ulong[])[7, 8]); // 7 answers a letter with the puzzle 6, which bob had signed, too.
            stop.Cancel();
            await serving;
        });
        return told;
    }
}
