using System.Net;
using System.Security.Cryptography;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>Verifies signatures of strangers' values at a bounded cost: what was judged once is remembered, and nobody gets more than a share.</summary>
internal sealed class SignatureChecks : IDisposable
{
    // An RSA-2048 verification takes about 30 µs, RSA-4096 100 µs, and such a one is the unit: at most a tenth of a core with
    // the usual exponent, and a third with the slowest one that is taken. Longer keys count as the square of their length.
    private const int MaxPerSecond = 1024;
    private const int MaxPerSecondAndAddress = 256;
    private const int SignatureOfUnit = 512; // Bytes.

    // 4,096 digests: some 200 kB, when a node is busy.
    private const int MaxRemembered = 4096;

    private readonly SignatureChecker _checker = new();
    private readonly Dictionary<Digest, bool> _verdicts = [];
    private readonly Queue<Digest> _order = new();
    private readonly Dictionary<AddressGroup, int> _spent = [];
    private long _second = -1;
    private int _spentInAll;

    /// <summary>Verifications that cost arithmetic.</summary>
    public long Performed { get; private set; }

    /// <summary>Verifications refused for want of budget; such values count as not verified.</summary>
    public long Refused { get; private set; }

    /// <summary>True when the signature is right; false when it is wrong, or the sender's share of this second is spent.</summary>
    /// <param name="value">The value.</param>
    /// <param name="source">Who sent it; null for ourselves, whom nothing limits.</param>
    /// <param name="now">The present.</param>
    public bool IsValid(DhtValue value, IPAddress source, Instant now) => IsValid(value, AddressGroup.Of(source), now);

    /// <inheritdoc cref="IsValid(DhtValue, IPAddress, Instant)"/>
    public bool IsValid(DhtValue value, AddressGroup? source, Instant now)
    {
        if (!value.IsSigned) return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData((value with { Id = 1, Priority = 0, PushType = default }).Pack(), hash); // The signature does not cover these.
        Digest digest = new(new InfoHash(hash[..InfoHash.Size]));
        if (_verdicts.TryGetValue(digest, out bool verdict)) return verdict;
        if (!TrySpend(source, CostOf(value), now)) return false;
        Performed++;
        verdict = _checker.IsRight(value);
        if (_order.Count >= MaxRemembered) _verdicts.Remove(_order.Dequeue());
        _verdicts.Add(digest, verdict);
        _order.Enqueue(digest);
        return verdict;
    }

    public void Dispose() => _checker.Dispose();

    // A signature of another length than the key's modulus is refused without arithmetic.
    private static int CostOf(DhtValue value) => Math.Max(1, value.Signature.Length * value.Signature.Length / (SignatureOfUnit * SignatureOfUnit));

    private bool TrySpend(AddressGroup? source, int cost, Instant now)
    {
        if (source is not { } address) return true;
        long second = (long)now.SinceStart.TotalSeconds;
        if (second != _second)
        {
            _second = second;
            _spentInAll = 0;
            _spent.Clear();
        }

        int spent = _spent.GetValueOrDefault(address);
        if (_spentInAll + cost > MaxPerSecond || spent + cost > MaxPerSecondAndAddress)
        {
            Refused++;
            return false;
        }

        _spentInAll += cost;
        _spent[address] = spent + cost;
        return true;
    }

    // 160 bits of a SHA-256: nobody finds two values with one digest.
    private readonly record struct Digest(InfoHash Hash);
}
