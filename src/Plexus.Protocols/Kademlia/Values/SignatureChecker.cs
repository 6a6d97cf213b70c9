namespace Plexus.Protocols.Kademlia.Values;

/// <summary>Checks signatures of values and remembers the keys it has parsed.</summary>
/// <param name="capacity">How many keys are remembered.</param>
internal sealed class SignatureChecker(int capacity = 256) : IDisposable
{
    private readonly Dictionary<InfoHash, DhtPublicKey> _keys = [];

    /// <summary>Whether the value is signed, rightly, with an RSA key of usable size.</summary>
    public bool IsRight(DhtValue value)
    {
        if (!value.IsSigned || value.OwnerId is not { } id) return false;
        if (!_keys.TryGetValue(id, out DhtPublicKey? key))
        {
            if (!DhtPublicKey.TryImport(value.Owner.Span, out key)) return false;
            if (_keys.Count >= capacity) Dispose(); // Starting afresh is as good as any order of age against a flood.
            _keys[id] = key!;
        }

        return key!.Verifies(value);
    }

    public void Dispose()
    {
        foreach (DhtPublicKey key in _keys.Values) key.Dispose();
        _keys.Clear();
    }
}
