using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Plexus.Lab.Namespaces;

/// <summary>One network namespace of the kernel: a host, a router or a NAT of the laboratory.</summary>
/// <remarks>
/// Its name holds the process that made it, so parallel runs keep apart, and what a killed run left behind is known
/// and removed by <see cref="RemoveStale"/>.
/// </remarks>
internal sealed class NetworkNamespace : IDisposable
{
    private const string Folder = "/run/netns"; // where ip-netns keeps its names
    private const string Prefix = "plexus-";
    private const int Kill = 9;

    private static int _count;

    private readonly int _handle;
    private bool _disposed;

    private NetworkNamespace(string name)
    {
        Name = name;
        _handle = Libc.Open($"{Folder}/{name}", Libc.CloseOnExec);
        if (_handle < 0) throw Failure($"cannot open the network namespace {name}");
    }

    /// <summary>The name that <c>ip netns</c> shows.</summary>
    public string Name { get; }

    /// <summary>Makes a namespace with nothing but its loopback device.</summary>
    /// <param name="role">What it is in the laboratory; part of its name.</param>
    public static NetworkNamespace Create(string role)
    {
        string name = string.Create(CultureInfo.InvariantCulture,
            $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-{role}");
        SystemTool.Run(SystemTool.Prepare("ip", "netns", "add", name));
        NetworkNamespace made = new(name);
        made.Ip("link set lo up");
        return made;
    }

    /// <summary>Removes the namespaces of runs that are no more, with what still runs in them.</summary>
    public static void RemoveStale()
    {
        if (!Directory.Exists(Folder)) return;
        foreach (string name in Directory.EnumerateFiles(Folder, Prefix + "*").Select(path => Path.GetFileName(path)))
        {
            string owner = name[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, CultureInfo.InvariantCulture, out int id) && !Directory.Exists($"/proc/{id}")) Remove(name);
        }
    }

    /// <summary>Runs commands of <c>ip</c> in the namespace, one a line.</summary>
    public void Ip(params IEnumerable<string> lines) =>
        SystemTool.Run(SystemTool.Prepare("ip", "-n", Name, "-batch", "-"), string.Join('\n', lines));

    /// <summary>Loads a rule set of nftables.</summary>
    public void Nft(string ruleset) => Run(() => SystemTool.Run(SystemTool.Prepare("nft", "-f", "-"), ruleset));

    /// <summary>Sets a kernel parameter below <c>/proc/sys/net</c>, such as <c>ipv4/ip_forward</c>.</summary>
    public void Set(string parameter, int value) => Run(() =>
    {
        File.WriteAllText($"/proc/sys/net/{parameter}", value.ToString(CultureInfo.InvariantCulture));
        return true;
    });

    /// <summary>Runs an action on a thread of its own that is inside the namespace: what it opens or starts, stays there.</summary>
    public T Run<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                if (Libc.SetNamespace(_handle, Libc.NewNetwork) != 0) throw Failure($"cannot enter {Name}");
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Starts a program inside the namespace.</summary>
    public Process Start(ProcessStartInfo start) => Run(() => Process.Start(start)!);

    /// <summary>Ends what runs inside, and removes the namespace with its devices.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Libc.Close(_handle);
        Remove(Name);
    }

    internal static Exception Failure(string what) =>
        new InvalidOperationException($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");

    private static void Remove(string name)
    {
        try
        {
            foreach (string id in SystemTool.Run(SystemTool.Prepare("ip", "netns", "pids", name)).Split('\n'))
            {
                if (int.TryParse(id, CultureInfo.InvariantCulture, out int process)) _ = Libc.Kill(process, Kill);
            }

            SystemTool.Run(SystemTool.Prepare("ip", "netns", "delete", name));
        }
        catch (InvalidOperationException)
        {
            // Another run that cleans up was faster.
        }
    }
}
