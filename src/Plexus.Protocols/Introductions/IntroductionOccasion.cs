using System.Buffers.Binary;
using System.Security.Cryptography;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Introductions;

/// <summary>What one introduction was written for, so that nobody can show it on another occasion: docs/protocols/introduction.md.</summary>
/// <param name="Kind">What it is sent for.</param>
/// <param name="Application">The application that both sides name.</param>
/// <param name="Sender">The sender's key, DER SubjectPublicKeyInfo.</param>
/// <param name="Recipient">The recipient's key, DER SubjectPublicKeyInfo.</param>
/// <param name="Answered">The puzzle of the invitation that an answer answers; null in the other kinds.</param>
internal sealed record IntroductionOccasion(
    IntroductionKind Kind, string Application, ReadOnlyMemory<byte> Sender, ReadOnlyMemory<byte> Recipient, Puzzle? Answered = null)
{
    /// <summary>128 bits: nobody finds a second occasion for a binding, even who may choose the application.</summary>
    public const int BindingLength = 16;

    private const string Domain = "plexus introduction"; // No other hash of ours begins so.

    /// <summary>The first 16 bytes of the SHA-256 of all parts, as a MessagePack array.</summary>
    public UInt128 Bind()
    {
        MessagePackWriter parts = new(256 + Sender.Length + Recipient.Length);
        parts.Array(Answered is null ? 5 : 6).String(Domain).Integer((ulong)Kind).String(Application)
            .Binary(Sender.Span).Binary(Recipient.Span);
        if (Answered is { } puzzle) parts.Integer(puzzle.Value);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(parts.Written, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
