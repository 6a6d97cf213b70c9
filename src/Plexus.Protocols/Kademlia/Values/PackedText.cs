using System.Text;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>A text as the data of a value: one MessagePack string, with possibly another object behind it.</summary>
/// <remarks>
/// The reference library decodes the first object and ignores what follows, so an extension there reaches only those
/// who look for it.
/// </remarks>
internal static class PackedText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="text">The text.</param>
    /// <param name="extension">One MessagePack object to follow it, or nothing.</param>
    public static byte[] Pack(string text, ReadOnlySpan<byte> extension = default) =>
        new MessagePackWriter().String(Strict.GetBytes(text)).Raw(extension).ToArray();

    /// <param name="data">The data of a value.</param>
    /// <param name="text">The first object, written as a string or as binary.</param>
    /// <param name="extension">The second object, if there is a whole one; else empty.</param>
    public static bool TryUnpack(ReadOnlySpan<byte> data, out string text, out ReadOnlySpan<byte> extension)
    {
        text = "";
        extension = default;
        MessagePackReader reader = new(data);
        if (!reader.TryReadBytes(out ReadOnlySpan<byte> utf8) || !System.Text.Unicode.Utf8.IsValid(utf8)) return false;
        text = Strict.GetString(utf8);
        reader.TrySkip(out extension);
        return true;
    }
}
