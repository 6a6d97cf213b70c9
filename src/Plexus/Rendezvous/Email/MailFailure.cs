namespace Plexus.Rendezvous.Email;

/// <summary>What went wrong with a mail server, as far as it decides what to do next.</summary>
internal enum MailFailure
{
    /// <summary>No connection, or it broke: again soon.</summary>
    Unreachable,

    /// <summary>The server answered that it cannot do it now: again soon.</summary>
    Busy,

    /// <summary>The login or the password is wrong, or could not be had: again, but slowly, since providers lock accounts.</summary>
    LoginRefused,

    /// <summary>The server's certificate is not to be trusted: again, but slowly.</summary>
    Untrusted,

    /// <summary>The server will never do it, such as for an address that does not exist.</summary>
    Refused,
}
