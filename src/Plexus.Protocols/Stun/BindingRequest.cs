namespace Plexus.Protocols.Stun;

/// <summary>What a client asks: RFC 8489 section 3, with the wish of RFC 5780 section 7.2.</summary>
internal static class BindingRequest
{
    /// <summary>Writes a request.</summary>
    /// <param name="buffer">Takes the message.</param>
    /// <param name="id">The transaction.</param>
    /// <param name="change">
    /// From where the answer is wanted. Without a wish there is no CHANGE-REQUEST at all: a server that knows only
    /// RFC 8489 must refuse the attribute, even when it wishes nothing.
    /// </param>
    /// <returns>The length of the message.</returns>
    public static int Write(Span<byte> buffer, StunTransactionId id, StunChange change = StunChange.None)
    {
        StunWriter writer = new(buffer, StunMessageType.BindingRequest, id);
        if (change != StunChange.None) writer.AddUInt32(StunAttributeType.ChangeRequest, (uint)change);
        return writer.Length;
    }
}
