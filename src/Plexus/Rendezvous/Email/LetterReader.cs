using Plexus.Identities;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous.Email;

/// <summary>Judges letters: only what a pinned certificate has signed for us, lately and once, is taken.</summary>
/// <remarks>
/// What is cheap does not come first here, since nothing outside the envelope is worth a look; the price of a letter, a
/// download of 64 KiB at most and a decryption, is the same for everybody, and providers limit how many letters come.
/// </remarks>
/// <param name="host">Our identity, with its private key.</param>
/// <param name="candidates">Who may have signed: the identities whose certificate has this serial number.</param>
/// <param name="occasion">What a letter of this sender should have been written for.</param>
/// <param name="clock">The clock.</param>
internal sealed class LetterReader(
    Identity host, Func<string, IReadOnlyList<Identity>> candidates, Func<Identity, IntroductionOccasion> occasion, TimeProvider clock)
{
    /// <summary>15 minutes: clocks of two machines rarely differ by more. As over the DHT.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(15);

    private const int MostCandidates = 8; // Who makes a certificate chooses its serial number.
    private const int Capacity = 8_192; // Signatures that are remembered.

    private readonly HashSet<string> _seen = [];
    private readonly Queue<string> _order = [];

    /// <summary>Opens and judges a letter.</summary>
    /// <param name="bytes">The whole letter.</param>
    /// <param name="oldest">The age from which on it is stale.</param>
    /// <param name="letter">What it says; null where it is not taken.</param>
    public LetterFlaw Read(ReadOnlyMemory<byte> bytes, TimeSpan oldest, out ReceivedLetter? letter)
    {
        letter = null;
        LetterFlaw flaw = SealedLetter.Open(bytes, host, out OpenedLetter? opened);
        if (flaw != LetterFlaw.None || opened is null) return flaw;
        IReadOnlyList<Identity> signers = candidates(opened.SerialNumber);
        if (signers.Count == 0) return LetterFlaw.Stranger;
        if (signers.Take(MostCandidates).FirstOrDefault(opened.IsSignedBy) is not { } peer) return LetterFlaw.Forged;
        if (opened.SignedAt is not { } signedAt) return LetterFlaw.Undated;
        if (!Remember(opened.Digest)) return LetterFlaw.Replayed;
        TimeSpan age = clock.GetUtcNow() - signedAt;
        if (age > oldest) return LetterFlaw.Stale;
        if (age < -ClockDifference) return LetterFlaw.FromTheFuture;
        if (!opened.HasGoodExtension) return LetterFlaw.Extension;
        if (!PeerIntroduction.TryRead(opened.Text, opened.Extension, occasion(peer), time: null, out PeerIntroduction? introduction, out string reason)) return FlawOf(reason);
        letter = new(peer, introduction, signedAt);
        return LetterFlaw.None;
    }

    /// <summary>Whether a peer wrote a letter of this flaw for us, so that it may be removed like one that was taken.</summary>
    public static bool IsFromAPeer(LetterFlaw flaw) => flaw
        is LetterFlaw.None or LetterFlaw.Replayed or LetterFlaw.Stale or LetterFlaw.FromTheFuture or LetterFlaw.Content or LetterFlaw.Extension or LetterFlaw.Newer or LetterFlaw.Misdirected;

    private static LetterFlaw FlawOf(string reason) => reason switch
    {
        "extension" => LetterFlaw.Extension,
        "newer" => LetterFlaw.Newer,
        "replay" => LetterFlaw.Misdirected,
        _ => LetterFlaw.Content,
    };

    private bool Remember(string digest)
    {
        if (!_seen.Add(digest)) return false;
        _order.Enqueue(digest);
        if (_order.Count > Capacity) _seen.Remove(_order.Dequeue());
        return true;
    }
}
