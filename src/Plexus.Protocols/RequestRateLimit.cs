using System.Net;

namespace Plexus.Protocols;

/// <summary>Admits so many requests in any second, from one address group and from all.</summary>
/// <remarks>
/// Remembers admitted requests only, so its memory is bounded by the limit for all, whatever sources a flood pretends.
/// </remarks>
/// <param name="perGroup">Requests per second from one IPv4 address or IPv6 /64; 1,024 as in OpenDHT's node.</param>
/// <param name="overall">Requests per second from everybody; 8,192 as in OpenDHT's node.</param>
internal sealed class RequestRateLimit(int perGroup = 1024, int overall = 8192)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Queue<(Instant At, AddressGroup From)> _admitted = new();
    private readonly Dictionary<AddressGroup, int> _counts = [];

    /// <summary>How many requests were refused so far.</summary>
    public long Refused { get; private set; }

    /// <summary>Whether a request from here may be worked on.</summary>
    public bool TryAdmit(IPAddress from, Instant now)
    {
        Forget(now);
        AddressGroup group = AddressGroup.Of(from);
        int count = _counts.GetValueOrDefault(group);
        if (count >= perGroup || _admitted.Count >= overall)
        {
            Refused++;
            return false;
        }

        _counts[group] = count + 1;
        _admitted.Enqueue((now, group));
        return true;
    }

    private void Forget(Instant now)
    {
        while (_admitted.TryPeek(out (Instant At, AddressGroup From) oldest) && now - oldest.At >= Window)
        {
            _admitted.Dequeue();
            if (_counts[oldest.From] == 1) _counts.Remove(oldest.From);
            else _counts[oldest.From]--;
        }
    }
}
