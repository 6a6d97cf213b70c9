using System.Diagnostics.CodeAnalysis;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous;

/// <summary>An introduction as it comes out of its carrier, whose signature has been verified: the text, and our extension if the sender is ours.</summary>
/// <param name="Text">The line that every release writes.</param>
/// <param name="Extension">What ours says besides; null for an original's.</param>
internal sealed record PeerIntroduction(IntroductionText Text, IntroductionExtension? Extension)
{
    private const PassageCapabilities Known = PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing;

    /// <summary>The extension that goes with an introduction of ours.</summary>
    /// <param name="capabilities">What our payload can speak.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="occasion">What it is written for.</param>
    public static byte[] WriteExtension(PassageCapabilities capabilities, ulong time, IntroductionOccasion occasion) =>
        new IntroductionExtension((ulong)capabilities, time, occasion.Bind()).Write();

    /// <summary>Reads what a peer has signed.</summary>
    /// <param name="line">The text.</param>
    /// <param name="extension">The MessagePack object that came under the same signature, or nothing.</param>
    /// <param name="occasion">What it should have been written for.</param>
    /// <param name="time">The time that the carrier tells, Unix seconds, if no signature covers that; null if it tells none.</param>
    /// <param name="introduction">What it says.</param>
    /// <param name="reason">Why it is refused: <c>content</c>, <c>extension</c>, <c>newer</c> or <c>replay</c>.</param>
    public static bool TryRead(
        string line,
        ReadOnlySpan<byte> extension,
        IntroductionOccasion occasion,
        ulong? time,
        [NotNullWhen(true)] out PeerIntroduction? introduction,
        out string reason)
    {
        introduction = null;
        reason = "content";
        if (!IntroductionText.TryRead(line, out IntroductionText? text)) return false;
        ExtensionReading reading = IntroductionExtension.Read(extension, out IntroductionExtension? read);
        // Never taken for an original's: that would let go of what the peer has announced.
        if (reading is ExtensionReading.Malformed or ExtensionReading.Newer)
        {
            reason = reading == ExtensionReading.Newer ? "newer" : "extension";
            return false;
        }

        if (read is not null && (read.Binding != occasion.Bind() || (time is not null && read.Time != time)))
        {
            reason = "replay";
            return false;
        }

        introduction = new(text, read);
        return true;
    }

    /// <summary>What the host works with; null when it names no endpoint, as an advent.</summary>
    public Introduction? ToIntroduction() => Text.Udp.Outer is { } endPoint
        ? new Introduction(endPoint, Text.Puzzle.Value)
        {
            Capabilities = (PassageCapabilities)(Extension?.Capabilities ?? 0) & Known,
            IsExtended = Extension is not null,
        }
        : null;
}
