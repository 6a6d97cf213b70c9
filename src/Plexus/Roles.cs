namespace Plexus;

/// <summary>The two roles, as logs, metrics and traces call them.</summary>
internal static class Roles
{
    public const string Inviter = "inviter";
    public const string Acceptor = "acceptor";
}
