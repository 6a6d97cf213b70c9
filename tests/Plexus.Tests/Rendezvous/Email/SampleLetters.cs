using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Plexus.Identities;
using Plexus.Rendezvous.Email;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>Letters that the original wrote (TestData/smime, plexus 3.2.3 and 3.4.1), the identities in them, and letters as forgers write them.</summary>
internal sealed class SampleLetters : IDisposable
{
    public const string Subject = "appname invite";

    /// <summary>The second extension of docs/protocols/introduction.md.</summary>
    public static readonly byte[] Extension = Convert.FromHexString("8400920100010102ce6b03c2e003c41016cb052ddf14d171c6a0c438830b8bf8");

    private readonly TemporaryFolder _folder = new();

    public SampleLetters()
    {
        SampleKeys.Install(_folder["repository"], ["alice", "bob", "carol"], "alice", "bob", "carol");
        Repository = new IdentityRepository(_folder["repository"]);
        Alice = Repository.LoadHost(SampleKeys.Alice);
        Bob = Repository.LoadHost(SampleKeys.Bob);
        Carol = Repository.LoadHost(SampleKeys.Carol);
    }

    public static IEnumerable<TheoryDataRow<string, string>> Names =>
        from version in (string[])["3.2.3", "3.4.1"]
        from subject in (string[])["invite", "accept"]
        select new TheoryDataRow<string, string>(version, subject);

    /// <summary>When the captures were made.</summary>
    public static DateTimeOffset CaptureDay { get; } = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    public IdentityRepository Repository { get; }

    public Identity Alice { get; }

    public Identity Bob { get; }

    public Identity Carol { get; }

    /// <summary>The letter as the original gave it to the mail server, without the final dot.</summary>
    public static byte[] Captured(string version, string subject)
    {
        string data = File.ReadAllText(FileName(version, subject, "smtp_data"), Encoding.Latin1);
        return Encoding.Latin1.GetBytes(data[..data.LastIndexOf(".\r\n", StringComparison.Ordinal)]);
    }

    public static string CapturedText(string version, string subject) => File.ReadAllText(FileName(version, subject, "message"));

    public static IReadOnlyList<JsonElement> Dialogue(string version) =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "TestData", "smime", $"dialog_{version}.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>A letter whose signature is made as a forger likes.</summary>
    public byte[] Forge(Identity recipient, string text, Action<CmsSigner> change, X509Certificate2? certificate = null, RSA? key = null)
    {
        byte[] content = Encoding.ASCII.GetBytes(text);
        SignedCms cms = new(new ContentInfo(content), detached: true);
        CmsSigner signer = new(SubjectIdentifierType.IssuerAndSerialNumber, certificate ?? Bob.Certificate, key ?? Bob.PrivateKey)
        {
            IncludeOption = X509IncludeOption.None,
            DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"),
            SignedAttributes = { new Pkcs9SigningTime(CaptureDay.UtcDateTime) },
        };
        change(signer);
        cms.ComputeSignature(signer, silent: true);
        return SealedLetter.Wrap(Bob.Name, recipient, Subject, new SignedEntity(content, cms.Encode()).Write());
    }

    /// <summary>A certificate of a forger's own key that says issuer and serial number of somebody's.</summary>
    public static X509Certificate2 LookAlike(X509Certificate2 of, RSA key)
    {
        CertificateRequest request = new(of.SubjectName, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] serial = Convert.FromHexString(of.SerialNumber);
        return request.Create(of.IssuerName, X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1), of.NotBefore, of.NotAfter, serial);
    }

    public void Dispose() => _folder.Dispose();

    private static string FileName(string version, string subject, string what) =>
        Path.Combine(AppContext.BaseDirectory, "TestData", "smime", $"{version}_{subject}.{what}.txt");
}
