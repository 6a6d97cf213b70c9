using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Protocols.Wormhole;
using Plexus.Sockets;
using Plexus.Tunnels;

namespace Plexus.Bench;

/// <summary>One end of a measured tunnel, a process of its own: it tells its port and lives as long as its standard input.</summary>
/// <remarks>With TLS it is what plexus opens between two of ours, without it the stand-alone wormhole.</remarks>
internal static class TunnelEnd
{
    private const string Exporter = "exporter";

    public static async Task<int> RunAsync(Options options)
    {
        StreamEnds ends = new(options);
        bool isExporter = options.Text("role", Exporter) == Exporter;
        int port = (int)options.Number("port", 0); // The service's, or the exporter's.
        TunnelService service = new("", TunnelProtocol.Tcp, new EndpointName(IPAddress.Loopback.ToString(), isExporter ? port : 0));
        TunnelOptions offered = isExporter ? new() { Exports = [service] } : new() { Imports = [service] };
        using ImportPorts ports = await ImportPorts.BindAsync(offered.Imports);
        Stream stream = isExporter ? await ends.AcceptAsync(Tell) : await ends.ConnectAsync(port);
        TunnelFraming framing = !ends.IsSecure ? TunnelFraming.Classic : isExporter ? TunnelFraming.Acceptor : TunnelFraming.Inviter;
        await using Tunnel tunnel = await Tunnel.OpenAsync(stream, framing, offered, ports, TimeProvider.System, NullLogger.Instance);
        if (!isExporter) Tell(ports.Imports[0].LocalEndPoint.Port);
        // On a thread of its own: the console blocks, and this may be the thread that receives.
        await Task.WhenAny(tunnel.Completed, Task.Run(Console.In.ReadToEnd));
        return 0;
    }

    private static void Tell(int port) => Console.WriteLine(port.ToString(CultureInfo.InvariantCulture));
}
