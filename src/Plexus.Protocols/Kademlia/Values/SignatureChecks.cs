using System.Net;
using System.Security.Cryptography;

namespace Plexus.Protocols.Kademlia.Values;

/// <summary>Verifies signatures of strangers' values at a bounded cost: what was judged once is remembered, and nobody gets more than a share.</summary>
internal sealed class SignatureChecks : IDisposable
{
    // An RSA-2048 verification takes about 30 µs, RSA-4096 100 µs: at most a tenth of a core.
    private const int MaxPerSecond = 1024;
    private const int MaxPerSecondAndAddress = 256;

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
    /// <param name="source">Who sent the value; null for ourselves.</param>
    public bool IsValid(DhtValue value, IPAddress? source, Instant now)
    {
        if (!value.IsSigned) return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData((value with { Id = 1, Priority = 0, PushType = default }).Pack(), hash); // The signature does not cover these.
        Digest digest = new(new InfoHash(hash[..InfoHash.Size]));
        if (_verdicts.TryGetValue(digest, out bool verdict)) return verdict;
        if (!TrySpend(source, now)) return false;
        Performed++;
        verdict = _checker.IsRight(value);
        if (_order.Count >= MaxRemembered) _verdicts.Remove(_order.Dequeue());
        _verdicts.Add(digest, verdict);
        _order.Enqueue(digest);
        return verdict;
    }

    public void Dispose() => _checker.Dispose();

    private bool TrySpend(IPAddress? source, Instant now)
    {
        if (source is null) return true;
        long second = (long)now.SinceStart.TotalSeconds;
        if (second != _second)
        {
            _second = second;
            _spentInAll = 0;
            _spent.Clear();
        }

        AddressGroup address = AddressGroup.Of(source);
        int spent = _spent.GetValueOrDefault(address);
        if (_spentInAll >= MaxPerSecond || spent >= MaxPerSecondAndAddress)
        {
            Refused++;
            return false;
        }

        _spentInAll++;
        _spent[address] = spent + 1;
        return true;
    }

    // 160 bits of a SHA-256: nobody finds two values with one digest.
    private readonly record struct Digest(InfoHash Hash);
}
