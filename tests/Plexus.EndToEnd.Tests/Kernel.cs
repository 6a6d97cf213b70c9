using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>What a test needs of the machine: where it is missing the test is skipped, and the reason printed.</summary>
internal static class Kernel
{
    /// <summary>Root and namespaces: tests make hosts, routers and NATs of the kernel.</summary>
    public static void IsNeeded()
    {
        if (NamespaceInternet.WhyNot is { } reason) Assert.Skip(reason);
    }

    /// <summary>The built program, and real servers around the core.</summary>
    public static void ServersAreNeeded()
    {
        IsNeeded();
        if ((PlexusProgram.WhyNot ?? DhtNodeProcess.WhyNot ?? CoturnProcess.WhyNot) is { } reason) Assert.Skip(reason);
    }

    /// <summary>A line with a delay needs /dev/net/tun.</summary>
    public static void LinesAreNeeded()
    {
        IsNeeded();
        if (!File.Exists("/dev/net/tun")) Assert.Skip("This system has no /dev/net/tun.");
    }
}
