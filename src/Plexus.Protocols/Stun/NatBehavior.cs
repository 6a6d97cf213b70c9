using System.Diagnostics.CodeAnalysis;

namespace Plexus.Protocols.Stun;

/// <summary>How the NATs between a socket and the world behave, in the words of RFC 4787.</summary>
/// <param name="BehindNat">Whether the outer endpoint differs from the inner one.</param>
/// <param name="Hairpin">Whether a datagram to our own outer endpoint comes back; null when not found out.</param>
/// <param name="PortChanged">Whether the outer port differs from the inner one.</param>
/// <param name="AddressVaries">Whether the outer address depends on the destination: arbitrary pooling, or two uplinks.</param>
/// <param name="Mapping">What the outer endpoint depends on.</param>
/// <param name="Filtering">Who may send to it.</param>
public sealed record NatBehavior(
    bool BehindNat,
    bool? Hairpin,
    bool PortChanged,
    bool AddressVaries,
    NatDependency Mapping,
    NatDependency Filtering)
{
    private const int BitCount = 8;

    /// <summary>What readers of the old introduction assume of its sender: <c>11100011</c>.</summary>
    public static NatBehavior Assumed { get; } =
        new(true, true, true, false, NatDependency.EndpointIndependent, NatDependency.AddressAndPortDependent);

    /// <summary>Reads the eight characters of an introduction, docs/protocols/stun.md.</summary>
    /// <param name="text">Eight times <c>0</c> or <c>1</c>.</param>
    /// <param name="behavior">What they say. "Port dependent", which RFC 4787 does not know, is read as dependent on both.</param>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out NatBehavior? behavior)
    {
        behavior = null;
        if (text.Length != BitCount || text.ContainsAnyExcept('0', '1')) return false;
        behavior = new(
            text[0] == '1', text[1] == '1', text[2] == '1', text[3] == '1', FromBits(text[4..6]), FromBits(text[6..8]));
        return true;
    }

    /// <summary>The eight characters. An unknown mapping is written as independent, an unknown filtering as dependent on both.</summary>
    public string ToBits() => string.Concat(
        Bit(BehindNat), Bit(Hairpin == true), Bit(PortChanged), Bit(AddressVaries))
        + ToBits(Mapping, NatDependency.EndpointIndependent)
        + ToBits(Filtering, NatDependency.AddressAndPortDependent);

    private static string Bit(bool value) => value ? "1" : "0";

    private static NatDependency FromBits(ReadOnlySpan<char> bits) => bits switch
    {
        "00" => NatDependency.EndpointIndependent,
        "10" => NatDependency.AddressDependent,
        _ => NatDependency.AddressAndPortDependent,
    };

    private static string ToBits(NatDependency dependency, NatDependency unknown) =>
        (dependency == NatDependency.Unknown ? unknown : dependency) switch
        {
            NatDependency.EndpointIndependent => "00",
            NatDependency.AddressDependent => "10",
            _ => "11",
        };
}
