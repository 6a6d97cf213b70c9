using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Tunnels;

namespace Plexus.Tests.Tunnels;

/// <summary>Two tunnels over a carrier on loopback: one exports, the other imports.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    private readonly ImportPorts _ports;
    private readonly ImportPorts _noPorts;

    private TunnelPair(ImportPorts ports, ImportPorts noPorts, Tunnel importer, Tunnel exporter) =>
        (_ports, _noPorts, Importer, Exporter) = (ports, noPorts, importer, exporter);

    public Tunnel Importer { get; }

    public Tunnel Exporter { get; }

    /// <summary>Where clients connect, in the order of the imports.</summary>
    public IPEndPoint[] Ports => [.. _ports.Imports.Select(import => import.LocalEndPoint)];

    public IPEndPoint Port => Ports[0];

    public static async Task<TunnelPair> OpenAsync(
        bool isClassic, IEnumerable<string> exports, IEnumerable<string>? imports = null, Func<TunnelOptions, TunnelOptions>? with = null,
        RecordingLoggerFactory? log = null, (Stream One, Stream Other)? carrier = null)
    {
        with ??= static options => options;
        (Stream one, Stream other) = carrier ?? await Wire.PairAsync();
        TunnelOptions exporting = with(new() { Exports = [.. exports.Select(Parse)] });
        TunnelOptions importing = with(new() { Imports = [.. (imports ?? ["127.0.0.1:0"]).Select(ParseLocal)] });
        ImportPorts ports = await ImportPorts.BindAsync(importing.Imports), noPorts = await ImportPorts.BindAsync([]);
        ILogger logger = log?.For("tunnel").CreateLogger("") ?? NullLogger.Instance;
        Task<Tunnel> importer = Tunnel.OpenAsync(
            one, isClassic ? TunnelFraming.Classic : TunnelFraming.Inviter, importing, ports, TimeProvider.System, logger);
        Task<Tunnel> exporter = Tunnel.OpenAsync(
            other, isClassic ? TunnelFraming.Classic : TunnelFraming.Acceptor, exporting, noPorts, TimeProvider.System, logger);
        return new(ports, noPorts, await importer, await exporter);
    }

    public async ValueTask DisposeAsync()
    {
        await Importer.DisposeAsync();
        await Exporter.DisposeAsync();
        _ports.Dispose();
        _noPorts.Dispose();
    }

    public static TunnelService Parse(string text) =>
        TunnelService.TryParse(text, out TunnelService? service) ? service : throw new FormatException(text);

    // Port 0 is for tests only: nobody could tell a user's clients which port it became.
    private static TunnelService ParseLocal(string text)
    {
        TunnelService service = Parse(text.Replace(":0", ":1", StringComparison.Ordinal));
        return service with { EndPoint = service.EndPoint with { Port = text.EndsWith(":0", StringComparison.Ordinal) ? 0 : service.EndPoint.Port } };
    }
}
