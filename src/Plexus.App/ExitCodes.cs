namespace Plexus.App;

/// <summary>How the program ends; docs/exit-codes.md.</summary>
internal static class ExitCodes
{
    /// <summary>All went well, or a waiting acceptor was asked to stop.</summary>
    public const int Success = 0;

    /// <summary>Something nobody foresaw.</summary>
    public const int Unexpected = 1;

    /// <summary>An option, a file of options or a variable is wrong.</summary>
    public const int Settings = 2;

    /// <summary>Ctrl+C before the work was done: 128 and SIGINT, as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>SIGTERM before the work was done.</summary>
    public const int Terminated = 143;

    /// <summary>The code of a failed stage: 2 settings, 3 identity, 4 exploration, 5 rendezvous, 6 punching, 7 payload.</summary>
    public static int Of(PlexusStage stage) => stage switch
    {
        PlexusStage.Settings => Settings,
        PlexusStage.Identity => 3,
        PlexusStage.Exploration => 4,
        PlexusStage.Rendezvous => 5,
        PlexusStage.Punching => 6,
        PlexusStage.Payload => 7,
        _ => Unexpected,
    };
}
