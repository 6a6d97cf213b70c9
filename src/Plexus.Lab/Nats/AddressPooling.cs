namespace Plexus.Lab.Nats;

/// <summary>Which of several outer addresses a new mapping gets, RFC 4787 section 4.1.</summary>
internal enum AddressPooling
{
    /// <summary>One inner address keeps one outer address.</summary>
    Paired,

    /// <summary>Any.</summary>
    Arbitrary,
}
