using Plexus.Identities;

namespace Plexus.Tests.Identities;

/// <summary>The throwaway keys of the captures (TestData/keys), and their ids as OpenDHT 3.7.9 computed them.</summary>
internal static class SampleKeys
{
    public static IdentityName Alice { get; } = IdentityName.Parse("alice@example.com/hosta");

    public static IdentityName Bob { get; } = IdentityName.Parse("bob@example.com/hostb");

    public static IdentityName Carol { get; } = IdentityName.Parse("carol@example.com/big");

    public static string IdOf(string who) => who switch
    {
        "alice" => "7f120deb6edc8e0a4779b0ac8012bebb9b14ebb9",
        "bob" => "035f118bcc2e7ff7c4820f5413214f23db15984d",
        _ => "543c70a3a074311c723c12ed886cb2f1fd25aa3b",
    };

    public static string File(string name) => Path.Combine(AppContext.BaseDirectory, "TestData", "keys", name);

    public static byte[] Certificate(string who) => System.IO.File.ReadAllBytes(File($"{who}.crt"));

    /// <summary>A repository of these identities; those in <paramref name="hosts"/> with their private keys.</summary>
    public static void Install(string repository, string[] who, params string[] hosts)
    {
        foreach (string one in who)
        {
            IdentityName name = one switch { "alice" => Alice, "bob" => Bob, _ => Carol };
            string folder = Path.Combine(repository, name.Owner, name.Pin);
            Directory.CreateDirectory(folder);
            System.IO.File.Copy(File($"{one}.crt"), Path.Combine(folder, "cert.crt"), overwrite: true);
            if (!hosts.Contains(one)) continue;
            string key = Path.Combine(folder, "private.key");
            System.IO.File.Copy(File($"{one}.key"), key, overwrite: true);
            if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
