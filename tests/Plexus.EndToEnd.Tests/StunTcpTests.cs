using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.EndToEnd.Fixtures;
using Plexus.Exploration;
using Plexus.Lab.Namespaces;
using Plexus.Protocols.Stun;
using Plexus.Sockets;

namespace Plexus.EndToEnd;

/// <summary>Our client against coturn on two loopback addresses, over TCP and UDP; it needs no root.</summary>
public sealed class StunTcpTests : IDisposable
{
    private readonly Process _coturn;
    private readonly EndpointName _server;
    private readonly string _pidFile = Path.GetTempFileName();

    public StunTcpTests()
    {
        if (CoturnProcess.WhyNot is { } reason) Assert.Skip(reason);
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux has a second loopback address from the start.");
        (int port, int alternatePort) = (FreePort(), FreePort());
        _server = new EndpointName("127.0.0.1", port);
        ProcessStartInfo start = SystemTool.Prepare(
            "turnserver", "-n", "-L", "127.0.0.1", "-L", "127.0.0.2", "-p", Text(port), $"--alt-listening-port={Text(alternatePort)}",
            "--no-tls", "--no-dtls", "--no-auth", "--no-cli", "--stun-only", "--log-file=/dev/null", $"--pidfile={_pidFile}");
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        _coturn = Process.Start(start)!;
        _coturn.OutputDataReceived += (_, _) => { }; // Read and dropped, or it would block.
        _coturn.ErrorDataReceived += (_, _) => { };
        _coturn.BeginOutputReadLine();
        _coturn.BeginErrorReadLine();
    }

    public void Dispose()
    {
        if (_coturn is null) return; // Skipped.
        _coturn.Kill();
        _coturn.WaitForExit();
        _coturn.Dispose();
        File.Delete(_pidFile);
    }

    [Fact]
    public async Task Coturn_tells_the_same_over_UDP_and_TCP()
    {
        IPEndPoint local = new(IPAddress.Loopback, 0);
        NatExplorer udp = new(UdpNetwork.Instance, TimeProvider.System, NullLogger.Instance);
        TcpNatExplorer tcp = new(UdpNetwork.Instance, TimeProvider.System);
        NatReport overTcp = await OnceReadyAsync(() => tcp.ExploreAsync(local, [_server]));
        NatReport overUdp = await udp.ExploreAsync(local, [_server]);
        Assert.Equal((overTcp.Inner, "01000000"), (overTcp.Outer, overUdp.Bits));
        Assert.Equal(overUdp.Inner, overUdp.Outer);
        Assert.Equal(NatDependency.EndpointIndependent, overTcp.Behavior.Mapping); // It was asked at both addresses, from one port.
        Assert.Equal("00000011", overTcp.Bits); // Over TCP neither hairpin nor filtering is tested.
    }

    private static async Task<NatReport> OnceReadyAsync(Func<Task<NatReport>> explore)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await explore();
            }
            catch (PlexusException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50)); // It refuses connections until it listens.
            }
        }
    }

    private static int FreePort()
    {
        using Socket probe = new(SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
