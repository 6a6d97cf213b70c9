using System.Buffers.Binary;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Introductions;

/// <summary>What an introduction of ours says beside the line of text that every release reads: docs/protocols/introduction.md.</summary>
/// <param name="Capabilities">What the sender's payload can speak, a set of bits.</param>
/// <param name="Time">When it was written, Unix seconds by the sender's clock.</param>
/// <param name="Binding">The <see cref="IntroductionOccasion"/> it was written for.</param>
/// <remarks>
/// A map with small integers as keys, in ascending order. It travels only inside what the sender signs as a whole, so
/// nobody else can take it away, change it or put it beside another text.
/// </remarks>
internal sealed record IntroductionExtension(ulong Capabilities, ulong Time, UInt128 Binding)
{
    /// <summary>1,024 bytes; that of version 1.0 has 32.</summary>
    public const int MaximumLength = 1_024;

    /// <summary>The signed attribute of a letter that carries it, a name from a random UUID (ITU-T X.667): an OCTET STRING with the map.</summary>
    public const string SignedAttribute = "2.25.51929990344618438065103411270190968951";

    private const int MaximumDepth = 8; // Levels of containers. Reading does not recurse; later parts of this map may be read by what does.
    private const int MajorVersion = 1;
    private const int MinorVersion = 0;

    private enum Key
    {
        Version = 0,
        Capabilities = 1,
        Time = 2,
        Binding = 3,
    }

    /// <summary>Reads what follows the text. Unknown keys are passed over.</summary>
    /// <param name="packed">One MessagePack object, or nothing.</param>
    /// <param name="extension">What it says; null unless <see cref="ExtensionReading.Readable"/>.</param>
    public static ExtensionReading Read(ReadOnlySpan<byte> packed, out IntroductionExtension? extension)
    {
        extension = null;
        MessagePackReader reader = new(packed);
        if (reader.NextKind != MessagePackKind.Map) return ExtensionReading.Absent;
        if (packed.Length > MaximumLength || !IsShallow(packed) || !reader.TryReadMap(out int count)) return ExtensionReading.Malformed;
        ReadOnlySpan<byte> capabilities = default, time = default, binding = default;
        long last = -1;
        for (int i = 0; i < count; i++)
        {
            // Ascending keys cannot come twice.
            if (!reader.TryReadUInt16(out ushort key) || key <= last || !reader.TrySkip(out ReadOnlySpan<byte> value)) return ExtensionReading.Malformed;
            if ((i == 0) != (key == (ushort)Key.Version)) return ExtensionReading.Malformed;
            last = key;
            switch ((Key)key)
            {
                case Key.Version:
                    if (!TryReadVersion(value, out ulong major)) return ExtensionReading.Malformed;
                    if (major > MajorVersion) return ExtensionReading.Newer;
                    break;
                case Key.Capabilities: capabilities = value; break;
                case Key.Time: time = value; break;
                case Key.Binding: binding = value; break;
                default: break; // Of a later minor version.
            }
        }

        if (!reader.IsAtEnd
            || !new MessagePackReader(capabilities).TryReadUInt64(out ulong bits)
            || !new MessagePackReader(time).TryReadUInt64(out ulong seconds)
            || !new MessagePackReader(binding).TryReadBinary(out ReadOnlySpan<byte> hash)
            || hash.Length != IntroductionOccasion.BindingLength)
        {
            return ExtensionReading.Malformed;
        }

        extension = new(bits, seconds, BinaryPrimitives.ReadUInt128BigEndian(hash));
        return ExtensionReading.Readable;
    }

    /// <summary>The map.</summary>
    public byte[] Write()
    {
        Span<byte> binding = stackalloc byte[IntroductionOccasion.BindingLength];
        BinaryPrimitives.WriteUInt128BigEndian(binding, Binding);
        return new MessagePackWriter(64).Map(4)
            .Integer((ulong)Key.Version).Array(2).Integer(MajorVersion).Integer(MinorVersion)
            .Integer((ulong)Key.Capabilities).Integer(Capabilities)
            .Integer((ulong)Key.Time).Integer(Time)
            .Integer((ulong)Key.Binding).Binary(binding)
            .ToArray();
    }

    /// <summary>Reads <c>[major, minor]</c>. A major version 0 never was.</summary>
    private static bool TryReadVersion(ReadOnlySpan<byte> packed, out ulong major)
    {
        major = 0;
        MessagePackReader reader = new(packed);
        return reader.TryReadArray(out int count) && count == 2
            && reader.TryReadUInt64(out major) && major > 0 && reader.TryReadUInt64(out _);
    }

    private static bool IsShallow(ReadOnlySpan<byte> packed)
    {
        Span<int> pending = stackalloc int[MaximumDepth]; // Objects still to come on each level.
        MessagePackReader reader = new(packed);
        pending[0] = 1;
        for (int level = 0; level >= 0;)
        {
            if (pending[level] == 0)
            {
                level--;
                continue;
            }

            pending[level]--;
            int inside;
            if (reader.TryReadMap(out int pairs)) inside = 2 * pairs;
            else if (reader.TryReadArray(out int elements)) inside = elements;
            else if (reader.TrySkip()) continue;
            else return false;
            if (++level == MaximumDepth) return false;
            pending[level] = inside;
        }

        return true;
    }
}
