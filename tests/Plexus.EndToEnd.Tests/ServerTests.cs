using Plexus.EndToEnd.Fixtures;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd;

/// <summary>The servers that the other tests lean on.</summary>
public sealed class ServerTests
{
    [Fact]
    public async Task The_servers_of_a_scenario_start_and_are_gone_with_it()
    {
        Kernel.IsNeeded();
        if ((DhtNodeProcess.WhyNot ?? CoturnProcess.WhyNot) is { } reason) Assert.Skip(reason);
        int dht, stun;
        using (Scenario scenario = await Scenario.StartAsync())
        {
            (dht, stun) = (scenario.Dht.Id, scenario.Stun.Id);
            Machine one = scenario.AddMachine("one@test/pc", null, NatRecipe.PortRestricted, NatRecipe.PortRestricted);
            Machine other = scenario.AddPublicMachine("other@test/pc");
            Scenario.Acquaint(one, other);
            Assert.True(File.Exists(Path.Combine(one.Repository, "other@test", "pc", "cert.crt")));
            Assert.True(scenario.Dht.IsRunning && scenario.Stun.IsRunning);
        }

        Assert.False(Directory.Exists($"/proc/{dht}"));
        Assert.False(Directory.Exists($"/proc/{stun}"));
    }
}
