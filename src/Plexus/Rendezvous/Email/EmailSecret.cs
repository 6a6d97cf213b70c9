namespace Plexus.Rendezvous.Email;

/// <summary>What opens the account: a password or a token, and where it comes from. It never shows itself.</summary>
/// <remarks>Files are read and commands run at each login, so that a token that has expired is replaced.</remarks>
public abstract class EmailSecret
{
    private protected EmailSecret(bool isToken) => IsToken = isToken;

    /// <summary>Whether it is an OAuth 2.0 access token (OAUTHBEARER, RFC 7628, or XOAUTH2), not a password.</summary>
    public bool IsToken { get; }

    /// <summary>A password.</summary>
    /// <param name="password">The password itself.</param>
    public static EmailSecret Password(string password) => new GivenSecret(password);

    /// <summary>A password in a file, its first line.</summary>
    /// <param name="path">The file.</param>
    public static EmailSecret PasswordFile(string path) => new SecretFile(path, isToken: false);

    /// <summary>A password that a command prints, its first line.</summary>
    /// <param name="command">A line for the shell.</param>
    public static EmailSecret PasswordCommand(string command) => new SecretCommand(command, isToken: false);

    /// <summary>A token in a file, its first line.</summary>
    /// <param name="path">The file.</param>
    public static EmailSecret TokenFile(string path) => new SecretFile(path, isToken: true);

    /// <summary>A token that a command prints, its first line.</summary>
    /// <param name="command">A line for the shell.</param>
    public static EmailSecret TokenCommand(string command) => new SecretCommand(command, isToken: true);

    /// <summary>Three asterisks.</summary>
    public override string ToString() => "***";

    /// <summary>The secret as it is now.</summary>
    /// <exception cref="MailException">It cannot be had; the message says where from, never what.</exception>
    internal abstract Task<string> ReadAsync(CancellationToken cancellationToken);

    /// <summary>The first line of what was read.</summary>
    private protected static string FirstLine(string text, string source)
    {
        string line = text.Split('\n', 2)[0].TrimEnd('\r');
        return line.Length > 0 ? line : throw Missing($"{source} gave nothing.");
    }

    private protected static MailException Missing(string sentence) => new(MailFailure.LoginRefused, sentence);
}
