using Plexus.Passages;

namespace Plexus.Payloads;

/// <summary>A program that was started to take a passage over.</summary>
/// <remarks>
/// The program is on its own: a session of its own, no terminal, nothing on its standard input, none of our descriptors.
/// It goes on when this process ends. It learns the passage from its arguments and from its environment, where the
/// secret belongs. The socket of the passage must be closed before the start, so that the program can bind its port.
/// Programs are not restarted.
/// </remarks>
public sealed class LaunchedCommand
{
    internal const UnixFileMode LogMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Action _terminate;

    private LaunchedCommand(int processId, Task<int> exited, Action terminate) =>
        (ProcessId, Exited, _terminate) = (processId, exited, terminate);

    /// <summary>The status of a program that could not be known, because something else of this process waited for it.</summary>
    public const int UnknownStatus = -1;

    /// <summary>The id of the process.</summary>
    public int ProcessId { get; }

    /// <summary>
    /// Ends when the program ends, with its exit status; 128 and the number of a signal if that ended it,
    /// <see cref="UnknownStatus"/> if it cannot be known.
    /// </summary>
    public Task<int> Exited { get; }

    /// <summary>Starts the program of the options for a passage.</summary>
    /// <param name="options">What to start, and how.</param>
    /// <param name="ticket">The passage.</param>
    /// <exception cref="PlexusException">The program does not exist or cannot be started. Its message holds no secret.</exception>
    public static LaunchedCommand Start(CommandOptions options, PassageTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ticket);
        LaunchPlan plan = LaunchPlan.Make(options, ticket);
        if (OperatingSystem.IsWindows())
        {
            (int id, Task<int> exited, Action terminate) = WindowsSpawn.Start(plan);
            return new(id, exited, terminate);
        }

        int pid = PosixSpawn.Start(plan);
        Task<int> ended = ChildWatch.Watch(pid);
        return new(pid, ended, () =>
        {
            // Once it was waited for, the number may be somebody else's.
            if (!ended.IsCompleted && !OperatingSystem.IsWindows()) PosixSpawn.TerminateSession(pid);
        });
    }

    /// <summary>Asks the program and what it started to end (SIGTERM; on Windows the program is ended at once).</summary>
    public void Terminate() => _terminate();
}
