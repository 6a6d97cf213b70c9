namespace Plexus.Payloads;

/// <summary>Which program takes passages over, and how it is started; docs/exec.md.</summary>
public sealed record CommandOptions
{
    /// <summary>The arguments of the original, in its order.</summary>
    public const string DefaultArguments = "%innerip% %innerport% %outerip% %outerport% %peerip% %peerport%";

    /// <summary>The program: a path, or a name that is looked for in PATH. Wildcards are not replaced in it.</summary>
    public required string Command { get; init; }

    /// <summary>The argument line: cut into arguments first, then each argument's wildcards are replaced.</summary>
    /// <value>The default is <see cref="DefaultArguments"/>.</value>
    public string Arguments { get; init; } = DefaultArguments;

    /// <summary>The folder to start in, with wildcards; null is the current one. It must exist.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The file that gets the program's output appended, with wildcards; null drops the output.</summary>
    /// <remarks>It is made with mode 0644 if it is missing; a relative path counts from plexus's own folder.</remarks>
    public string? LogFile { get; init; }

    /// <summary>Finds the program, so that a mistake shows before anything else is done.</summary>
    /// <returns>Its full path.</returns>
    /// <exception cref="PlexusException">There is no such program, or it may not be run.</exception>
    public string FindProgram() => ProgramSearch.Find(Command);
}
