namespace Plexus.Rendezvous.Email;

/// <summary>What happens to letters of the rendezvous once they are read. Other mail is never touched.</summary>
public enum ConsumedLetters
{
    /// <summary>They are deleted at once; on servers that cannot do that to a single letter (RFC 4315) they are marked.</summary>
    Expunge,

    /// <summary>They are marked as deleted, and stay until somebody expunges the mailbox, as the original does.</summary>
    Flag,

    /// <summary>They stay as they are.</summary>
    Keep,
}
