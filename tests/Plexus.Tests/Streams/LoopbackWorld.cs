using System.Net;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Protocols.Stun;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Tests.Streams;

/// <summary>Alice and bob on this machine's loopback, with real sockets and real time, and a STUN server between them.</summary>
internal sealed class LoopbackWorld : IAsyncDisposable
{
    private readonly StunUdpListener _stun;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public LoopbackWorld(Identity? bobsAlice = null, Identity? alicesBob = null)
    {
        (_stun, int port) = Listen();
        _serving = _stun.RunAsync(_stop.Token);
        MeetingRoom room = new(TestIdentities.Alice, alicesBob ?? TestIdentities.Bob);
        PlexusHostOptions options = new()
        {
            LocalEndPoint = new(IPAddress.Loopback, 0),
            StunServers = [new EndpointName("127.0.0.1", port)],
        };
        Alice = new PlexusHost(TestIdentities.Alice, room, options);
        Bob = new PlexusHost(TestIdentities.Bob, room, options);
        BobsAlice = bobsAlice ?? TestIdentities.Alice;
    }

    public PlexusHost Alice { get; }

    public PlexusHost Bob { get; }

    /// <summary>Alice as bob's repository knows her.</summary>
    public Identity BobsAlice { get; }

    /// <summary>Opens a stream from bob, who invites, to alice.</summary>
    public async Task<(PlexusStream Inviter, PlexusStream Acceptor)> OpenAsync(
        PlexusStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        Task<PlexusStream> accepting = AcceptOneAsync(options, cancellationToken);
        PlexusStream ours = await Bob.OpenStreamAsync(BobsAlice, options, cancellationToken);
        return (ours, await accepting);
    }

    public async Task<PlexusStream> AcceptOneAsync(PlexusStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        await foreach (PlexusStream stream in Alice.AcceptStreamsAsync(options: options, cancellationToken: cancellationToken)) return stream;
        throw new InvalidOperationException("The host stopped serving.");
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _serving;
        await _stun.DisposeAsync();
        _stop.Dispose();
    }

    private static (StunUdpListener Listener, int Port) Listen()
    {
        for (int tries = 0; ; tries++)
        {
            int port = Random.Shared.Next(20_000, 32_000); // Below the ports that the system gives away.
            try
            {
                StunServer server = new(new StunServerSockets(IPAddress.Loopback, port));
                return (new StunUdpListener(server, UdpNetwork.Instance, TimeProvider.System), port);
            }
            catch (System.Net.Sockets.SocketException) when (tries < 20)
            {
                // Taken.
            }
        }
    }
}
