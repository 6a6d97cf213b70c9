using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Plexus.Payloads;

/// <summary>Learns how the programs end that <see cref="PosixSpawn"/> started, and frees their entries in the process table.</summary>
/// <remarks>One signal for all of them: no thread waits, and a program that runs for weeks costs nothing.</remarks>
[UnsupportedOSPlatform("windows")]
internal static partial class ChildWatch
{
    private const int DoNotHang = 1; // WNOHANG, on Linux and macOS alike.
    private const int SignalBase = 128; // The convention of shells.

    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, TaskCompletionSource<int>> Running = [];
    private static PosixSignalRegistration? _signal;

    /// <summary>A task that ends with the exit status of a child of this process.</summary>
    public static Task<int> Watch(int pid)
    {
        TaskCompletionSource<int> exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Gate)
        {
            _signal ??= PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Collect());
            Running.Add(pid, exit);
        }

        Collect(); // It may have ended before anybody listened.
        return exit.Task;
    }

    private static void Collect()
    {
        lock (Gate)
        {
            foreach ((int pid, TaskCompletionSource<int> exit) in Running.ToArray())
            {
                int result = WaitFor(pid, out int status, DoNotHang);
                if (result == 0) continue; // Still running.
                Running.Remove(pid);
                exit.SetResult(result == pid ? Decode(status) : LaunchedCommand.UnknownStatus);
            }
        }
    }

    private static int Decode(int status)
    {
        int signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : SignalBase + signal;
    }

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int pid, out int status, int options);
}
