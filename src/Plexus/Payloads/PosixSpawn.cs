using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Plexus.Payloads;

/// <summary>Starts a program with posix_spawn, because the framework's Process can make neither a session nor an appended log.</summary>
/// <remarks>
/// All descriptors of this process are close-on-exec, so the program gets the three standard ones and what this
/// process was itself given on purpose; macOS has a flag that closes everything else.
/// </remarks>
[UnsupportedOSPlatform("windows")]
internal static unsafe partial class PosixSpawn
{
    // The structures are opaque. The largest, of glibc, have 336 and 128 bytes.
    private const int OpaqueSize = 1024;

    private const int SetSignalDefaults = 0x04;
    private const int SetSignalMask = 0x08;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Terminate = 15; // SIGTERM
    private const int NotAProgram = 8; // ENOEXEC
    private const uint LogMode = 0b110_100_100; // 0644

    private static bool IsApple => OperatingSystem.IsMacOS() || OperatingSystem.IsMacCatalyst() || OperatingSystem.IsIOS();

    private static int SetSession => IsApple ? 0x0400 : 0x80; // POSIX_SPAWN_SETSID

    private static int CloseOthers => IsApple ? 0x4000 : 0; // POSIX_SPAWN_CLOEXEC_DEFAULT

    private static int AppendAndCreate => IsApple ? 0x0008 | 0x0200 : 0x400 | 0x40; // O_APPEND | O_CREAT

    /// <summary>Starts the program in a session of its own.</summary>
    /// <returns>The id of the process, which someone must wait for.</returns>
    /// <exception cref="PlexusException">The system refused.</exception>
    public static int Start(LaunchPlan plan)
    {
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* actions = stackalloc byte[OpaqueSize];
        byte* signals = stackalloc byte[OpaqueSize];
        Check(InitAttributes(attributes), plan);
        try
        {
            Check(InitActions(actions), plan);
            try
            {
                // The runtime ignores SIGPIPE and blocks others: the program shall meet the signals of a fresh process.
                FillSignals(signals);
                Check(SetDefaults(attributes, signals), plan);
                EmptySignals(signals);
                Check(SetMask(attributes, signals), plan);
                Check(SetFlags(attributes, (short)(SetSignalDefaults | SetSignalMask | SetSession | CloseOthers)), plan);
                // Opened, not closed: the first file a program opens would become its standard input.
                Check(AddOpen(actions, 0, "/dev/null", ReadOnly, 0), plan);
                Check(AddOpen(actions, 1, plan.LogFile ?? "/dev/null", WriteOnly | (plan.LogFile is null ? 0 : AppendAndCreate), LogMode), plan);
                Check(AddDuplicate(actions, 1, 2), plan);
                if (plan.WorkingDirectory is { } folder) Check(AddChangeFolder(actions, folder), plan);
                return Spawn(plan, actions, attributes);
            }
            finally
            {
                DestroyActions(actions);
            }
        }
        finally
        {
            DestroyAttributes(attributes);
        }
    }

    /// <summary>Sends SIGTERM to a program that <see cref="Start"/> started, and to what runs in its group.</summary>
    public static void TerminateSession(int pid) => Kill(-pid, Terminate);

    private static int Spawn(LaunchPlan plan, byte* actions, byte* attributes)
    {
        string[] variables = [.. plan.Variables.Select(variable => $"{variable.Key}={variable.Value}")];
        byte** argv = NativeTexts(plan.Arguments);
        byte** envp = NativeTexts(variables);
        try
        {
            Check(Spawn(out int pid, plan.Program, actions, attributes, argv, envp), plan);
            return pid;
        }
        finally
        {
            FreeTexts(argv);
            FreeTexts(envp);
        }
    }

    private static byte** NativeTexts(IReadOnlyList<string> texts)
    {
        byte** list = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++) list[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        return list;
    }

    private static void FreeTexts(byte** list)
    {
        for (byte** text = list; *text != null; text++) Marshal.ZeroFreeCoTaskMemUTF8((nint)(*text)); // One of them holds the secret.
        NativeMemory.Free(list);
    }

    private static void Check(int error, LaunchPlan plan)
    {
        if (error == 0) return;
        string reason = error == NotAProgram
            ? "it is no program; a script needs a first line like #!/bin/sh"
            : Marshal.GetPInvokeErrorMessage(error);
        throw LaunchPlan.Failure($"The command '{plan.Program}' cannot be started: {reason}.");
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial void DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial void DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int descriptor, int copy);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChangeFolder(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial void FillSignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial void EmptySignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial void Kill(int pid, int signal);
}
