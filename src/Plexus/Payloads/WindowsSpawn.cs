using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Plexus.Payloads;

/// <summary>Starts a program with CreateProcess: no window, its output appended to a file, no handles of ours.</summary>
[SupportedOSPlatform("windows")]
internal static unsafe partial class WindowsSpawn
{
    private const uint NewProcessGroup = 0x00000200;
    private const uint UnicodeEnvironment = 0x00000400;
    private const uint NoWindow = 0x08000000;
    private const int UseStandardHandles = 0x00000100;
    private const uint GenericRead = 0x80000000;
    private const uint AppendData = 0x00000004; // Without the right to write elsewhere in the file, every write appends.
    private const uint Synchronize = 0x00100000;
    private const uint ShareAll = 7;
    private const uint OpenExisting = 3;
    private const uint OpenAlways = 4;
    private const uint TerminatedByUs = 143; // What a POSIX system would tell of SIGTERM.

    public static (int Id, Task<int> Exited, Action Terminate) Start(LaunchPlan plan)
    {
        using SafeFileHandle input = Open("NUL", GenericRead, OpenExisting, plan);
        using SafeFileHandle output = plan.LogFile is { } log
            ? Open(log, AppendData | Synchronize, OpenAlways, plan)
            : Open("NUL", AppendData | Synchronize, OpenExisting, plan);
        StartupInfo startup = new()
        {
            Size = sizeof(StartupInfo),
            Flags = UseStandardHandles,
            Input = input.DangerousGetHandle(),
            Output = output.DangerousGetHandle(),
            Error = output.DangerousGetHandle(),
        };
        // The line must be writable memory, and the environment a block of texts that ends with an empty one.
        char[] line = (WindowsCommandLine.Join(plan.Arguments) + '\0').ToCharArray();
        char[] block = Block(plan.Variables);
        ProcessInformation process;
        fixed (char* linePointer = line, blockPointer = block)
        {
            if (!CreateProcess(plan.Program, linePointer, 0, 0, inheritHandles: true, NewProcessGroup | UnicodeEnvironment | NoWindow,
                blockPointer, plan.WorkingDirectory, &startup, &process))
            {
                throw Failure(plan);
            }
        }

        block.AsSpan().Clear(); // It held the secret.
        CloseHandle(process.Thread);
        SafeProcessHandle handle = new(process.Process, ownsHandle: true);
        return ((int)process.ProcessId, Watch(handle), () => TerminateProcess(handle, TerminatedByUs));
    }

    private static Task<int> Watch(SafeProcessHandle process)
    {
        TaskCompletionSource<int> exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ManualResetEvent ended = new(false) { SafeWaitHandle = new SafeWaitHandle(process.DangerousGetHandle(), ownsHandle: false) };
        ThreadPool.RegisterWaitForSingleObject(
            ended,
            (_, _) =>
            {
                exit.SetResult(GetExitCodeProcess(process, out uint status) ? (int)status : LaunchedCommand.UnknownStatus);
                ended.Dispose();
            },
            state: null,
            Timeout.Infinite,
            executeOnlyOnce: true);
        return exit.Task;
    }

    private static char[] Block(IReadOnlyDictionary<string, string> variables)
    {
        StringBuilder block = new();
        // CreateProcess wants them sorted, without regard to case.
        foreach ((string name, string value) in variables.OrderBy(variable => variable.Key, StringComparer.OrdinalIgnoreCase))
        {
            block.Append(name).Append('=').Append(value).Append('\0');
        }

        return block.Append('\0').ToString().ToCharArray();
    }

    private static SafeFileHandle Open(string path, uint access, uint disposition, LaunchPlan plan)
    {
        SecurityAttributes inheritable = new() { Size = sizeof(SecurityAttributes), Inherit = 1 };
        SafeFileHandle handle = CreateFile(path, access, ShareAll, &inheritable, disposition, 0, 0);
        return handle.IsInvalid ? throw Failure(plan) : handle;
    }

    private static PlexusException Failure(LaunchPlan plan) =>
        LaunchPlan.Failure($"The command '{plan.Program}' cannot be started: {Marshal.GetLastPInvokeErrorMessage()}");

    [StructLayout(LayoutKind.Sequential)]
    private struct SecurityAttributes
    {
        public int Size;
        public nint Descriptor;
        public int Inherit;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct StartupInfo
    {
        public int Size;
        public nint Reserved, Desktop, Title;
        public int X, Y, Width, Height, Columns, Rows, Fill, Flags;
        public short ShowWindow, Reserved2Size;
        public nint Reserved2, Input, Output, Error;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ProcessInformation
    {
        public nint Process, Thread;
        public uint ProcessId, ThreadId;
    }

    [LibraryImport("kernel32", EntryPoint = "CreateProcessW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateProcess(
        string application, char* commandLine, nint processAttributes, nint threadAttributes, [MarshalAs(UnmanagedType.Bool)] bool inheritHandles,
        uint flags, char* environment, string? folder, StartupInfo* startup, ProcessInformation* process);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFile(
        string path, uint access, uint share, SecurityAttributes* security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetExitCodeProcess(SafeProcessHandle process, out uint status);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateProcess(SafeProcessHandle process, uint status);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);
}
