using System.Net;
using System.Runtime.CompilerServices;
using Plexus.Identities;
using Plexus.Rendezvous;
using Plexus.Sockets;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Sockets;

public class CallerContextTests
{
    [Fact]
    public void A_user_interface_may_block_on_the_library()
    {
        using TemporaryFolder folder = new();
        SampleKeys.Install(folder.Path, ["alice", "bob"], "bob");
        IdentityRepository repository = new(folder.Path);
        PlexusHostOptions options = new()
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            StunServers = [new EndpointName("127.0.0.1", 9)], // Nobody answers; the rendezvous fails first.
        };
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new BlockedContext());
        try
        {
            PlexusHost host = new(repository.LoadHost(SampleKeys.Bob), new FailingRendezvous(), options);
            PlexusException e = Assert.Throws<PlexusException>(
                () => host.InviteAsync(repository.LoadPeer(SampleKeys.Alice)).GetAwaiter().GetResult());
            Assert.Equal("As planned.", e.Message);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>A user interface's context while its only thread waits: what is posted there never runs.</summary>
    private sealed class BlockedContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) { }

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();
    }

    private sealed class FailingRendezvous : IRendezvous
    {
        public Task PrepareAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public async IAsyncEnumerable<Introduction> InviteAsync(
            Identity host,
            Identity peer,
            Func<CancellationToken, Task<Introduction>> introduce,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return host.HasPrivateKey ? throw new PlexusException(PlexusStage.Rendezvous, "As planned.") : new(new(0, 0), 0);
        }

        public async IAsyncEnumerable<Invitation> AcceptAsync(
            Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield break;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public async IAsyncEnumerable<Identity> ReceiveAdventsAsync(
            Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield break;
        }
    }
}
