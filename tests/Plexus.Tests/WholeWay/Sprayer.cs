using System.Net;
using Plexus.Lab;

namespace Plexus.Tests.WholeWay;

/// <summary>Somebody who sees every datagram of the laboratory, and throws changed copies of it at every socket, under forged sources too.</summary>
/// <remarks>
/// The copies overtake what they were made of. Only an answer of a STUN server is left to arrive first, or never in its own name:
/// STUN proves nothing but that its sender has seen the question, so who sees all questions decides what we take for our endpoint.
/// </remarks>
internal sealed class Sprayer
{
    private const int StunPort = 3478;
    private const int MostRemembered = 256;
    private const int CopiesOfEachKind = 3;

    private readonly Internet _internet;
    private readonly Random _random;
    private readonly IPAddress _ownAddress = IPAddress.Parse("203.0.113.200");
    private readonly List<byte[]> _payloads = [];
    private readonly List<TraceEntry> _underWay = [];
    private readonly Dictionary<(IPEndPoint Inner, IPEndPoint To), IPEndPoint> _outerOf = [];
    private readonly List<IPEndPoint> _sources = [];
    private readonly List<IPEndPoint> _targets = [];

    public Sprayer(Internet internet, int seed)
    {
        (_internet, _random) = (internet, new Random(seed));
        internet.AddHost("mallory", _ownAddress.ToString());
        internet.Observer = Spray;
    }

    /// <summary>Datagrams thrown.</summary>
    public int Thrown { get; private set; }

    /// <summary>Those that came from where the original came from, and before it.</summary>
    public int Overtaking { get; private set; }

    private void Spray(TraceEntry entry, ReadOnlyMemory<byte> payload)
    {
        LearnSources();
        byte[] original = payload.ToArray();
        Remember(_payloads, original);
        Remember(_targets, entry.To);
        _underWay.Add(entry);
        bool mayOvertake = _outerOf.TryGetValue((entry.From, entry.To), out IPEndPoint? source) && entry.From.Port != StunPort;
        for (int i = 0; i < CopiesOfEachKind; i++)
        {
            if (mayOvertake)
            {
                Overtaking++;
                Throw(source!, entry.To, Change(original));
            }

            Throw(new IPEndPoint(_ownAddress, _random.Next(1, 65_536)), entry.To, Change(original));
            if (_sources.Count > 0) Throw(Any(_sources), Any(_targets), Change(original));
        }
    }

    /// <summary>What a NAT made of a source shows where the datagram arrives.</summary>
    private void LearnSources()
    {
        foreach (TraceEntry entry in _underWay.Where(e => e.Fate == DatagramFate.Delivered))
        {
            if (_outerOf.TryAdd((entry.From, entry.To), entry.Source) && entry.Source.Port != StunPort) Remember(_sources, entry.Source);
        }

        _underWay.RemoveAll(e => e.At is not null);
    }

    private void Throw(IPEndPoint from, IPEndPoint to, byte[] payload)
    {
        Thrown++;
        TraceEntry trace = new(_internet.Now, "mallory", from, to, payload.Length, 64, TraceEntry.ChecksumOf(payload));
        _internet.CoreSegment.Route(new LabPacket(from, to, 64, payload, trace));
    }

    private byte[] Change(byte[] original)
    {
        byte[] other = Any(_payloads);
        byte[] changed = _random.Next(7) switch
        {
            0 => original[.._random.Next(original.Length + 1)],
            1 => [.. original, .. other],
            2 => [.. original.AsSpan(0, original.Length / 2), .. other.AsSpan(other.Length / 2)],
            3 => new byte[original.Length],
            4 => original, // Said once more, by somebody else or somewhere else.
            _ => [.. original],
        };
        if (ReferenceEquals(changed, original) || changed.Length == 0) return changed;
        if (changed.Length == original.Length && changed.AsSpan().IndexOfAnyExcept((byte)0) < 0) _random.NextBytes(changed);
        for (int i = _random.Next(1, 4); i > 0; i--) changed[_random.Next(changed.Length)] ^= (byte)(1 << _random.Next(8));
        return changed;
    }

    private void Remember<T>(List<T> list, T item)
    {
        if (list.Count < MostRemembered) list.Add(item);
        else list[_random.Next(list.Count)] = item;
    }

    private T Any<T>(List<T> list) => list[_random.Next(list.Count)];
}
