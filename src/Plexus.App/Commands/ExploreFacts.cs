using Plexus.Exploration;
using Plexus.Protocols.Stun;

namespace Plexus.App.Commands;

/// <summary>A <see cref="NatReport"/> as JSON; the classes are in the words of RFC 4787.</summary>
internal sealed record ExploreFacts(
    string Protocol,
    string Inner,
    string Outer,
    bool BehindNat,
    bool PortPreserved,
    bool AddressVaries,
    string Mapping,
    string Filtering,
    bool? Hairpin,
    string Bits,
    string Summary,
    IReadOnlyList<ExploreFacts.Server> Servers)
{
    public static ExploreFacts Of(NatReport report, bool overTcp) => new(
        overTcp ? "tcp" : "udp",
        report.Inner.ToString(),
        report.Outer.ToString(),
        report.Behavior.BehindNat,
        !report.Behavior.PortChanged,
        report.Behavior.AddressVaries,
        Word(report.Behavior.Mapping, '-'),
        Word(report.Behavior.Filtering, '-'),
        report.Behavior.Hairpin,
        report.Bits,
        report.Summary,
        [.. report.Servers.Select(s => new Server(
            s.Name.ToString(), s.EndPoint?.ToString(), s.Mapped?.ToString(), s.RoundTrip?.TotalMilliseconds, s.Failure))]);

    public static string Word(NatDependency dependency, char joint) => (dependency switch
    {
        NatDependency.EndpointIndependent => "endpoint-independent",
        NatDependency.AddressDependent => "address-dependent",
        NatDependency.AddressAndPortDependent => "address-and-port-dependent",
        _ => "unknown",
    }).Replace('-', joint);

    internal sealed record Server(string Name, string? Endpoint, string? Mapped, double? RoundTripMilliseconds, string? Failure);
}
