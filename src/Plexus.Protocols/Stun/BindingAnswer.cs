using System.Net;
using System.Text;

namespace Plexus.Protocols.Stun;

/// <summary>What a server answered to a Binding request, whichever generation of STUN it speaks.</summary>
/// <param name="TransactionId">The request's id.</param>
/// <param name="Mapped">Our endpoint as the server saw it; null in an error.</param>
/// <param name="Other">The server's other address and port, OTHER-ADDRESS or CHANGED-ADDRESS; null when it has none.</param>
/// <param name="ErrorCode">300 to 699, or 0 for a success.</param>
/// <param name="Reason">The error's text, printable and short.</param>
/// <param name="Alternate">The server to ask instead, with error 300.</param>
internal sealed record BindingAnswer(
    StunTransactionId TransactionId,
    IPEndPoint? Mapped,
    IPEndPoint? Other,
    int ErrorCode,
    string Reason,
    IPEndPoint? Alternate)
{
    public const int TryAlternate = 300; // RFC 8489 section 14.8

    private const int LongestReason = 128; // Characters; RFC 8489 section 14.8 asks for fewer than 128.

    /// <summary>Reads a success or an error of the Binding method. An error without a readable code has the code 699.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out BindingAnswer? answer)
    {
        answer = null;
        if (!StunMessage.TryRead(datagram, out StunMessage message)) return false;
        switch (message.Type)
        {
            case StunMessageType.BindingSuccess:
                answer = new(message.TransactionId, ReadMapped(message), ReadOther(message), 0, "", null);
                return true;
            case StunMessageType.BindingError:
                (int code, string reason) = ReadError(message);
                answer = new(message.TransactionId, null, null, code, reason, Find(message, StunAttributeType.AlternateServer));
                return true;
            default:
                return false;
        }
    }

    // The masked forms first: some NATs rewrite whatever looks like their address.
    private static IPEndPoint? ReadMapped(StunMessage message) =>
        FindXored(message, StunAttributeType.XorMappedAddress)
        ?? FindXored(message, StunAttributeType.OldXorMappedAddress)
        ?? Find(message, StunAttributeType.MappedAddress);

    private static IPEndPoint? ReadOther(StunMessage message) =>
        Find(message, StunAttributeType.OtherAddress) ?? Find(message, StunAttributeType.ChangedAddress);

    private static IPEndPoint? Find(StunMessage message, ushort type) =>
        message.TryFind(type, out ReadOnlySpan<byte> value) && StunAddress.TryRead(value, out IPEndPoint? endpoint)
            ? endpoint : null;

    private static IPEndPoint? FindXored(StunMessage message, ushort type) =>
        message.TryFind(type, out ReadOnlySpan<byte> value)
        && StunAddress.TryReadXored(value, message.TransactionId, out IPEndPoint? endpoint) ? endpoint : null;

    private static (int Code, string Reason) ReadError(StunMessage message)
    {
        const int unreadable = 699;
        if (!message.TryFind(StunAttributeType.ErrorCode, out ReadOnlySpan<byte> value) || value.Length < 4)
            return (unreadable, "");
        int code = ((value[2] & 7) * 100) + value[3];
        return (code is >= 300 and < unreadable ? code : unreadable, Printable(value[4..]));
    }

    // The text goes to a terminal: control characters must not.
    private static string Printable(ReadOnlySpan<byte> text)
    {
        StringBuilder printable = new();
        foreach (char c in Encoding.UTF8.GetString(text[..Math.Min(text.Length, LongestReason)]))
        {
            if (!char.IsControl(c)) printable.Append(c);
        }

        return printable.ToString().Trim();
    }
}
