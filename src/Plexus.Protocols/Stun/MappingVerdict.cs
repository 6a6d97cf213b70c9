using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>What several observations of one socket say together.</summary>
/// <remarks>
/// Single observers lie or are misconfigured: with three witnesses or more the majority decides. Witnesses are
/// servers of different addresses; further addresses and ports of a server only refine what is dependent.
/// </remarks>
/// <param name="Mapped">The endpoint most witnesses saw, the earliest one among equals; null without an observation.</param>
/// <param name="Mapping">What the mapping depends on; unknown while one destination address has been asked only.</param>
/// <param name="AddressVaries">Whether even the address depends on the destination.</param>
internal readonly record struct MappingVerdict(IPEndPoint? Mapped, NatDependency Mapping, bool AddressVaries)
{
    /// <param name="observations">At most one for each server, in the order of their arrival.</param>
    public static MappingVerdict Of(IReadOnlyList<MappingObservation> observations)
    {
        List<MappingObservation> witnesses = [.. observations.Where(o => !o.IsAlternate).DistinctBy(o => o.Server.Address)];
        if (witnesses.Count == 0) return default;
        IPEndPoint mapped = MostFrequent(witnesses, o => o.Mapped);

        // A single server can still be asked at its other addresses.
        List<MappingObservation> judges = witnesses.Count > 1
            ? witnesses : [.. observations.DistinctBy(o => o.Server.Address)];
        bool dependsOnPort = SameAddressPairs(observations).Any(differs => differs);
        if (judges.Count < 2)
        {
            NatDependency known = dependsOnPort ? NatDependency.AddressAndPortDependent : NatDependency.Unknown;
            return new(mapped, known, AddressVaries: false);
        }

        bool varies = !HasMajority(judges, o => o.Mapped.Address);
        if (HasMajority(judges, o => o.Mapped)) return new(mapped, NatDependency.EndpointIndependent, varies);

        // Nothing to compare: the stricter class is also the more frequent one.
        bool dependsOnAddressOnly = !dependsOnPort && SameAddressPairs(observations).Any();
        return new(
            mapped,
            dependsOnAddressOnly ? NatDependency.AddressDependent : NatDependency.AddressAndPortDependent,
            varies);
    }

    // For each two ports of one destination address: whether they saw different endpoints.
    private static IEnumerable<bool> SameAddressPairs(IReadOnlyList<MappingObservation> observations) =>
        from first in observations
        from second in observations
        where first.Server.Address.Equals(second.Server.Address) && first.Server.Port < second.Server.Port
        select !first.Mapped.Equals(second.Mapped);

    private static T MostFrequent<T>(List<MappingObservation> observations, Func<MappingObservation, T> what) =>
        observations.GroupBy(what).MaxBy(group => group.Count())!.Key; // The first among equals.

    private static bool HasMajority<T>(List<MappingObservation> observations, Func<MappingObservation, T> what) =>
        observations.GroupBy(what).Max(group => group.Count()) * 2 > observations.Count;
}
