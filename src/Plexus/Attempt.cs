using System.Security.Cryptography;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Rendezvous;

namespace Plexus;

/// <summary>One try to reach one peer: its socket, and our half of the secret.</summary>
internal sealed class Attempt(Identity peer, Task<ExploredSocket> opening, PassageCapabilities capabilities)
{
    private bool _handedOver;

    public Identity Peer { get; } = peer;

    /// <summary>All 64 bits unpredictable: it is half of the only secret that an original's handshake knows.</summary>
    public ulong Puzzle { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Our introduction with the endpoint as it is now: the NAT may have given another since the last one.</summary>
    public async Task<Introduction> IntroduceAsync(CancellationToken cancellationToken)
    {
        ExploredSocket socket = await opening.WaitAsync(cancellationToken);
        return new Introduction(socket.Outer, Puzzle) { Capabilities = capabilities };
    }

    /// <summary>The explored socket.</summary>
    public Task<ExploredSocket> SocketAsync() => opening;

    /// <summary>Tells that a passage owns the socket from now on.</summary>
    public void HandedOver() => _handedOver = true;

    /// <summary>Closes the socket, unless it has been handed over.</summary>
    public async Task AbandonAsync()
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (opening.IsCompletedSuccessfully && !_handedOver) await opening.Result.DisposeAsync();
    }
}
