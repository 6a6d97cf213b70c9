namespace Plexus;

/// <summary>What a side's payload can speak over a passage. Each side announces it in its introduction, signed.</summary>
/// <remarks>The numbers are on the wire: docs/protocols/introduction.md.</remarks>
[Flags]
public enum PassageCapabilities
{
    /// <summary>Nothing beyond the passage: the original, or a launched command that brings its own protocol.</summary>
    None = 0,

    /// <summary>A stream over tubus with TLS 1.3 inside, both certificates pinned.</summary>
    SecureStreams = 1,

    /// <summary>Many connections over one stream, in this program's own framing.</summary>
    Multiplexing = 2,
}
