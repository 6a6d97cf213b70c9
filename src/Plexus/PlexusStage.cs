namespace Plexus;

/// <summary>The stages of a run, in their order. A failure names the one it happened in.</summary>
public enum PlexusStage
{
    /// <summary>Reading what the user asked for: options, files, names.</summary>
    Settings,

    /// <summary>Reading the repository of identities.</summary>
    Identity,

    /// <summary>Asking STUN servers what the world sees of our socket.</summary>
    Exploration,

    /// <summary>Exchanging introductions with the peer.</summary>
    Rendezvous,

    /// <summary>Opening both NATs and proving that each side hears the other.</summary>
    Punching,

    /// <summary>Starting or running what uses the passage.</summary>
    Payload,
}
