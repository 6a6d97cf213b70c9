using System.Text;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.App.Commands;

/// <summary>A value of the DHT as the commands show it.</summary>
/// <param name="Event"><c>value</c>, or <c>expired</c> when no node has it any more.</param>
/// <param name="Id">The value id.</param>
/// <param name="Type">The value type.</param>
/// <param name="Size">Its bytes, as limits count them.</param>
/// <param name="Signature"><c>right</c> when the owner has signed it; <c>none</c>, and anybody may have put it; <c>hidden</c> when it is encrypted.</param>
/// <param name="Owner">The id of the key that signed it.</param>
/// <param name="Recipient">The id of the key that it is meant for.</param>
/// <param name="Sequence">The edition of a signed value.</param>
/// <param name="UserType">A free type.</param>
/// <param name="Text">The data, when it is a text.</param>
/// <param name="Data">The data, or the cipher, in hexadecimal.</param>
internal sealed record DhtFacts(
    string Event,
    ulong Id,
    ushort Type,
    int Size,
    string Signature,
    string? Owner,
    string? Recipient,
    ushort? Sequence,
    string? UserType,
    string? Text,
    string Data)
{
    private const int ShownBytes = 48; // Of data that is no text: enough to recognize it.

    /// <remarks>The node gives out no value with a wrong signature, so one that is signed is signed rightly.</remarks>
    public static DhtFacts Of(DhtValue value, string what = "value") => new(
        what,
        value.Id,
        value.Type,
        value.Size,
        value.IsEncrypted ? "hidden" : value.IsSigned ? "right" : "none",
        value.IsSigned ? value.OwnerId?.ToString() : null,
        value.Recipient?.ToString(),
        value.IsSigned ? value.Sequence : null,
        value.UserTypeBytes.IsEmpty ? null : value.UserType,
        value.IsEncrypted ? null : TextOf(value.Data.Span),
        Convert.ToHexStringLower(value.IsEncrypted ? value.Cipher.Span : value.Data.Span));

    /// <summary>Two lines for people. What strangers wrote cannot steer the terminal: control characters are escaped.</summary>
    public string ForPeople()
    {
        string signed = Signature switch
        {
            "right" => $"signed by {Owner}",
            "hidden" => "encrypted",
            _ => "not signed",
        };
        StringBuilder line = new($"{Event} {Id:x16}, {signed}, {Size} bytes");
        if (Type != 0) line.Append($", type {Type}");
        if (Sequence is > 0) line.Append($", edition {Sequence}");
        if (Recipient is not null) line.Append($", for {Recipient}");
        if (UserType is not null) line.Append($", {Escape(UserType)}");
        string shown = Text is not null ? $"\"{Escape(Text)}\"" : Data.Length <= 2 * ShownBytes ? Data : $"{Data[..(2 * ShownBytes)]}…";
        return $"{line}{Environment.NewLine}  {shown}";
    }

    /// <summary>The text that the data is, bare or as one MessagePack string.</summary>
    private static string? TextOf(ReadOnlySpan<byte> data)
    {
        if (PackedText.TryUnpack(data, out string text, out ReadOnlySpan<byte> extension)
            && PackedText.Pack(text, extension).Length == data.Length)
        {
            return text;
        }

        return System.Text.Unicode.Utf8.IsValid(data) && !data.ContainsAnyInRange((byte)0, (byte)8) ? Encoding.UTF8.GetString(data) : null;
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (char c in text)
        {
            if (char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format) escaped.Append($"\\u{(int)c:x4}");
            else escaped.Append(c);
        }

        return escaped.ToString();
    }
}
