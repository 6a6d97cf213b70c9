using System.Diagnostics;
using System.Globalization;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>Waits for what other processes do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <exception cref="TimeoutException">The condition did not come true within the limit.</exception>
    public static async Task Async(Func<bool> condition, TimeSpan limit, Func<string> complaint)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit) throw new TimeoutException(complaint());
            await Task.Delay(Pause);
        }
    }

    /// <summary>Waits until some program of the host has bound the UDP port.</summary>
    public static Task BoundAsync(NamespaceHost host, int port, Func<string> complaint)
    {
        string wanted = ":" + port.ToString("X4", CultureInfo.InvariantCulture) + " ";
        return Async(
            () => host.Namespace.Run(() => ReadTables().Any(line => line.Contains(wanted, StringComparison.Ordinal))),
            TimeSpan.FromSeconds(15),
            complaint);
    }

    private static IEnumerable<string> ReadTables() =>
        [.. File.ReadAllLines("/proc/thread-self/net/udp"), .. File.ReadAllLines("/proc/thread-self/net/udp6")];
}
