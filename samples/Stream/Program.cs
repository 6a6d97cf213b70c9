// Joins the standard input and output of two machines by an encrypted stream: what goes in here comes out there.
//
//   stream-sample REPOSITORY ME PEER --accept              here, and there the same without --accept:
//   stream-sample ~/plexus bob/laptop bob/home < file
//
// --dht=HOST:PORT and --stun=HOST:PORT name servers of your own (`plexus dht`, `plexus stun`); the default are public ones.
using Plexus;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Rendezvous.Dht;
using Plexus.Sockets;
using Plexus.Streams;

string? Option(string name) => args.FirstOrDefault(a => a.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: stream-sample REPOSITORY ME PEER [--accept] [--dht=HOST:PORT] [--stun=HOST:PORT]");
    return 2;
}

try
{
    IdentityRepository repository = new(args[0]);
    Identity me = repository.LoadHost(IdentityName.Parse(args[1])), peer = repository.LoadPeer(IdentityName.Parse(args[2]));
    DhtRendezvousOptions meeting = new() { AppId = "stream-sample", Port = 0 };
    if (EndpointName.TryParse(Option("dht"), DhtRendezvousOptions.DefaultPort, out EndpointName? node)) meeting = meeting with { Bootstrap = [node] };
    await using DhtRendezvous rendezvous = new(repository, meeting);
    PlexusHost host = new(me, rendezvous, new PlexusHostOptions { StunServers = StunServers.Parse(Option("stun")) });

    await using PlexusStream stream = args.Contains("--accept")
        ? await host.AcceptStreamsAsync(peer.Name).FirstAsync()
        : await host.OpenStreamAsync(peer);

    Console.Error.WriteLine($"connected to {stream.Ticket.Peer}");
    Task receiving = stream.CopyToAsync(Console.OpenStandardOutput());
    await Console.OpenStandardInput().CopyToAsync(stream);
    await stream.CompleteWritesAsync(); // The peer sees the end, and can still send.
    await receiving;
    return 0;
}
catch (Exception e) when (e is PlexusException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
