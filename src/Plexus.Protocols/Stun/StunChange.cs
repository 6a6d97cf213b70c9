namespace Plexus.Protocols.Stun;

/// <summary>From where an answer is wanted: the flags of CHANGE-REQUEST, RFC 5780 section 7.2.</summary>
[Flags]
internal enum StunChange : uint
{
    None = 0,
    Port = 2,
    Address = 4,
}
