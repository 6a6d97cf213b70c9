namespace Plexus.Rendezvous.Email;

/// <summary>Why a letter with our subject is not taken.</summary>
internal enum LetterFlaw
{
    /// <summary>It is taken.</summary>
    None,

    /// <summary>Larger than any letter of ours; it is not downloaded.</summary>
    TooLarge,

    /// <summary>Nothing in it is sealed. An original takes clear text from unknown names; nothing here does.</summary>
    ClearText,

    /// <summary>It is no mail, or what is sealed is no CMS message.</summary>
    Malformed,

    /// <summary>It is sealed, but our key does not open it.</summary>
    NotForUs,

    /// <summary>It holds no signature, or more than one.</summary>
    Unsigned,

    /// <summary>Nobody in the repository, or nobody who is let in, has the certificate that it names.</summary>
    Stranger,

    /// <summary>The signature is not made with the key of the pinned certificate that it names.</summary>
    Forged,

    /// <summary>The signature does not say when it was made.</summary>
    Undated,

    /// <summary>It is signed too long ago.</summary>
    Stale,

    /// <summary>It is signed in the future.</summary>
    FromTheFuture,

    /// <summary>The same signature has been here before.</summary>
    Replayed,

    /// <summary>Its text is no introduction.</summary>
    Content,

    /// <summary>Its extension breaks the rules: docs/protocols/introduction.md.</summary>
    Extension,

    /// <summary>Its extension is of a later major version.</summary>
    Newer,

    /// <summary>It was written for somebody or something else, says what it has signed.</summary>
    Misdirected,
}
