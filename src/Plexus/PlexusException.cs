namespace Plexus;

/// <summary>A run failed: at which stage, why, and what the user can do, in one sentence.</summary>
/// <remarks>The message never holds a secret, so it may be shown and logged as it is.</remarks>
public sealed class PlexusException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="stage">The stage that failed.</param>
    /// <param name="message">One sentence: what failed, and what the user can do.</param>
    /// <param name="innerException">The cause, if it was an exception.</param>
    public PlexusException(PlexusStage stage, string message, Exception? innerException = null)
        : base(message, innerException) => Stage = stage;

    /// <summary>Makes an exception of the first stage.</summary>
    public PlexusException() { }

    /// <summary>Makes an exception of the first stage.</summary>
    /// <param name="message">One sentence: what failed, and what the user can do.</param>
    public PlexusException(string message) : base(message) { }

    /// <summary>Makes an exception of the first stage.</summary>
    /// <param name="message">One sentence: what failed, and what the user can do.</param>
    /// <param name="innerException">The cause.</param>
    public PlexusException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The stage that failed.</summary>
    public PlexusStage Stage { get; }
}
