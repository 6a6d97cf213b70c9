using System.Diagnostics;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>A user's machine: a host of the laboratory with a repository of its own.</summary>
internal sealed class Machine : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plexus-e2e-");
    private readonly List<ProgramRun> _runs = [];

    /// <param name="host">Where its programs run.</param>
    /// <param name="name">The owner and pin of its identity.</param>
    /// <param name="keyBits">The size of its key; null is the smallest.</param>
    public Machine(NamespaceHost host, string name, int? keyBits = null)
    {
        Host = host;
        Name = name;
        Repository = Path.Combine(_folder.FullName, "repo");
        TestIdentities.Give(Repository, name, keyBits);
    }

    public NamespaceHost Host { get; }

    /// <summary>The identity, as <c>owner/pin</c>.</summary>
    public string Name { get; }

    /// <summary>The second part of the name.</summary>
    public string Pin => Name.Split('/')[1];

    /// <summary>The folder of <c>--app-repo</c>.</summary>
    public string Repository { get; }

    /// <summary>A file of this machine.</summary>
    public string FileNamed(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>What launched commands have printed into the log of this name.</summary>
    public string ReadLog(string name) => File.Exists(FileNamed(name)) ? File.ReadAllText(FileNamed(name)) : "";

    /// <summary>Makes the other machine known here.</summary>
    public void Trust(Machine peer) => TestIdentities.Introduce(Repository, peer.Name);

    /// <summary>Starts plexus.</summary>
    public ProgramRun Run(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> variables) =>
        RunOther(PlexusProgram.Path, arguments, variables);

    /// <summary>Starts another program.</summary>
    public ProgramRun RunOther(
        string program, IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> variables)
    {
        ProcessStartInfo start = new(program) { WorkingDirectory = _folder.FullName };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["XDG_STATE_HOME"] = FileNamed("state"); // What a run keeps for the next one stays on its machine.
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        ProgramRun run = new(Host, start);
        _runs.Add(run);
        return run;
    }

    public void Dispose()
    {
        foreach (ProgramRun run in _runs) run.Dispose();
        _folder.Delete(recursive: true);
    }
}
