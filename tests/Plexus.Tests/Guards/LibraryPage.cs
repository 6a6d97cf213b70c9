using Plexus.Identities;
using Plexus.Passages;
using Plexus.Protocols.Wormhole;
using Plexus.Rendezvous.Dht;
using Plexus.Sockets;
using Plexus.Streams;
using Plexus.Tunnels;

namespace Plexus.Tests.Guards;

/// <summary>The pieces of docs/library.md, in its order, so that they compile. Nobody runs them.</summary>
internal static class LibraryPage
{
    public static async Task WhoAndWhereAsync(Func<PlexusHost, Identity, Task> next)
    {
        IdentityRepository repository = new("/home/bob/plexus");
        Identity me = repository.LoadHost(IdentityName.Parse("bob@example.com/laptop"));
        Identity home = repository.LoadPeer(IdentityName.Parse("bob@example.com/home"));
        await using DhtRendezvous rendezvous = new(repository, new DhtRendezvousOptions { AppId = "my-program" });
        PlexusHost host = new(me, rendezvous, new PlexusHostOptions());
        await next(host, home);
    }

    public static async Task<string> StreamAsync(PlexusHost host, Identity home)
    {
        await using PlexusStream stream = await host.OpenStreamAsync(home);
        await stream.WriteAsync("how are you?"u8.ToArray());
        await stream.CompleteWritesAsync();
        string answer = await new StreamReader(stream).ReadToEndAsync();
        return answer;
    }

    public static async Task AcceptAsync(PlexusHost host, Func<PlexusStream, Task> serve, CancellationToken stop)
    {
        Task ServeAsync(PlexusStream stream) => serve(stream);
        await foreach (PlexusStream stream in host.AcceptStreamsAsync(cancellationToken: stop))
            _ = ServeAsync(stream); // Each peer in a task of its own.
    }

    public static PlexusStreamOptions Lax()
    {
        PlexusStreamOptions lax = new() { AllowUnencrypted = true };
        return lax;
    }

    public static async Task<PassageTicket> PassageAsync(PlexusHost host, Identity home)
    {
        await using Passage passage = await host.InviteAsync(home);
        PassageTicket ticket = await passage.ReleaseAsync();
        return ticket;
    }

    public static async Task TunnelAsync(Passage passage)
    {
        TunnelOptions atHome = new() { Exports = [new TunnelService("ssh", TunnelProtocol.Tcp, new EndpointName("127.0.0.1", 22))] };
        await using Tunnel tunnel = await Tunnel.OpenAsync(passage, atHome);
        await tunnel.Completed; // Throws when the peer is gone.
    }
}
