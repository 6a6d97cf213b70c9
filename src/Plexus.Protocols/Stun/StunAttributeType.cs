namespace Plexus.Protocols.Stun;

/// <summary>Attribute types of RFC 8489 section 14, RFC 5780 section 7 and RFC 3489 section 11.2.</summary>
internal static class StunAttributeType
{
    public const ushort MappedAddress = 0x0001;
    public const ushort ChangeRequest = 0x0003;
    public const ushort SourceAddress = 0x0004; // RFC 3489
    public const ushort ChangedAddress = 0x0005; // RFC 3489
    public const ushort Username = 0x0006;
    public const ushort MessageIntegrity = 0x0008;
    public const ushort ErrorCode = 0x0009;
    public const ushort UnknownAttributes = 0x000A;
    public const ushort Realm = 0x0014;
    public const ushort Nonce = 0x0015;
    public const ushort MessageIntegritySha256 = 0x001C;
    public const ushort PasswordAlgorithm = 0x001D;
    public const ushort UserHash = 0x001E;
    public const ushort XorMappedAddress = 0x0020;
    public const ushort ResponsePort = 0x0027; // RFC 5780

    /// <summary>From here on a reader may skip what it does not know, RFC 8489 section 14.</summary>
    public const ushort FirstOptional = 0x8000;

    public const ushort OldXorMappedAddress = 0x8020; // Drafts of RFC 5389, still sent by old servers.
    public const ushort Software = 0x8022;
    public const ushort AlternateServer = 0x8023;
    public const ushort Fingerprint = 0x8028;
    public const ushort ResponseOrigin = 0x802B; // RFC 5780
    public const ushort OtherAddress = 0x802C; // RFC 5780
}
