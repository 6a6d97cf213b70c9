using Plexus.EndToEnd.Fixtures;
using Plexus.Exploration;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>Our STUN server, asked by clients of others through the kernel's NATs: coturn's (RFC 5780) and stun-client (RFC 3489).</summary>
public sealed class StunServerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NamespaceInternet _internet;
    private readonly NamespaceHost _outside;
    private readonly StunHost _server;
    private readonly Task _serving;

    public StunServerTests()
    {
        Kernel.IsNeeded();
        _internet = new NamespaceInternet();
        _outside = _internet.AddPublicHost("stun", addresses: 2);
        _server = StunHost.Open(_outside.Addresses, 3478, 3479, _outside.Network, TimeProvider.System, withTcp: false);
        _serving = _server.RunAsync(_stop.Token);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_internet is null) return; // Skipped.
        await _stop.CancelAsync();
        await _serving;
        await _server.DisposeAsync();
        _internet.Dispose();
        _stop.Dispose();
    }

    [Theory] // The NAT, and what the client must print about its mapping and its filtering.
    [InlineData("none", "Endpoint Independent", "Endpoint Independent")]
    [InlineData("port restricted", "Endpoint Independent", "Address and Port Dependent")]
    [InlineData("full cone", "Endpoint Independent", "Endpoint Independent")]
    [InlineData("random ports", "Address and Port Dependent", "Address and Port Dependent")]
    public async Task The_client_of_coturn_recognises_the_NAT(string nat, string mapping, string filtering)
    {
        string output = await RunAsync(nat, "turnutils_natdiscovery", "-m", "-f", $"{_outside.Address}");
        Assert.Contains($"NAT with {mapping} Mapping!", output, StringComparison.Ordinal);
        Assert.Contains($"NAT with {filtering} Filtering!", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "Primary: Open")]
    [InlineData("port restricted", "Primary: Independent Mapping, Port Dependent Filter, preserves ports")]
    [InlineData("full cone", "Primary: Independent Mapping, Independent Filter, preserves ports")]
    [InlineData("random ports", "Primary: Dependent Mapping, random port")]
    public async Task The_classic_client_recognises_the_NAT(string nat, string says) =>
        Assert.Contains(says, await RunAsync(nat, "stun", $"{_outside.Address}"), StringComparison.Ordinal);

    private async Task<string> RunAsync(string nat, string program, params string[] arguments)
    {
        if (SystemTool.Find(program) is null) Assert.Skip($"The program '{program}' is not installed.");
        NamespaceHost home = nat switch
        {
            "port restricted" => _internet.AddHost(_internet.AddNat(NatRecipe.PortRestricted)),
            "full cone" => _internet.AddHost(_internet.AddNat(NatRecipe.FullCone)),
            "random ports" => _internet.AddHost(_internet.AddNat(NatRecipe.RandomPorts)),
            _ => _internet.AddPublicHost("pc"),
        };
        using ProgramRun run = new(home, program, arguments);
        await run.ExitAsync(TimeSpan.FromSeconds(60)); // Its exit code tells nothing: it depends on the NAT.
        return run.Output;
    }
}
