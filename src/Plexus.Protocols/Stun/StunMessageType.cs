namespace Plexus.Protocols.Stun;

/// <summary>The types of the messages of the Binding method, RFC 8489 section 5.</summary>
internal static class StunMessageType
{
    public const ushort BindingRequest = 0x0001;
    public const ushort BindingIndication = 0x0011;
    public const ushort BindingSuccess = 0x0101;
    public const ushort BindingError = 0x0111;
}
