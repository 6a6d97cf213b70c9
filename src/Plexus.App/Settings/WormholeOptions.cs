namespace Plexus.App.Settings;

/// <summary>The options of the stand-alone tunnel: those of the original's <c>wormhole</c> 1.2.</summary>
/// <remarks>docs/wormhole.md is the manual of this table; a test compares them.</remarks>
internal static class WormholeOptions
{
    public const string Export = "export";
    public const string Import = "import";

    public static ClassicOption Purpose { get; } = new("purpose", $"{Export}|{Import}", "export a service of this machine, or import the peer's") { IsRequired = true };

    public static ClassicOption Service { get; } = new("service", "host:port", "export: the TCP service; import: the local endpoint for its clients, port 0 is any") { IsRequired = true };

    public static ClassicOption Gateway { get; } = new("gateway", "ip:port", "local UDP endpoint of the tunnel; port 0 is any") { IsRequired = true };

    public static ClassicOption Faraway { get; } = new("faraway", "host:port", "UDP endpoint of the peer") { IsRequired = true };

    public static ClassicOption Obscure { get; } = new("obscure", "number", "secret of both sides that masks the datagrams; 0 is none. Others on this machine can read it here: prefer the variable WORMHOLE_SECRET") { Default = "0" };

    public static IReadOnlyList<ClassicOption> All { get; } =
        [Purpose, Service, Gateway, Faraway, Obscure, ClassicOptions.LogLevel, ClassicOptions.LogFile, ClassicOptions.Help, ClassicOptions.Version];
}
