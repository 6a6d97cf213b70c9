namespace Plexus.Exploration;

/// <summary>How the failures of exploring are told to the user.</summary>
internal static class StunFailures
{
    public static PlexusException NobodyAnswered(IEnumerable<ServerReport> servers) => new(
        PlexusStage.Exploration,
        $"No STUN server answered: {string.Join("; ", servers.Select(Describe))}. "
        + "Check the network connection, or name another server with --stun-server.");

    private static string Describe(ServerReport server) => $"{server.Name}: {server.Failure ?? "no answer"}";
}
