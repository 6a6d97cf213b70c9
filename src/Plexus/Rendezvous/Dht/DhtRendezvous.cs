using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Dht;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Sockets;

namespace Plexus.Rendezvous.Dht;

/// <summary>The rendezvous over OpenDHT: introductions are signed and encrypted values under keys that both sides can compute.</summary>
/// <remarks>
/// It runs a node of the network, which is started at the first use and shared by all of them. What the wire carries:
/// docs/protocols/rendezvous-dht.md.
/// </remarks>
public sealed class DhtRendezvous : IRendezvous
{
    private readonly IdentityRepository _repository;
    private readonly DhtRendezvousOptions _options;
    private readonly IDatagramNetwork _network;
    private readonly TimeProvider _clock;
    private readonly ILoggerFactory _loggerFactory;
    private readonly ILogger _logger;
    private readonly ValueIds _ids;
    private readonly RendezvousKeys _keys;
    private readonly Lock _lock = new();
    private Task<DhtNode>? _node;

    /// <summary>Makes a rendezvous. No datagram is sent before it is used.</summary>
    /// <param name="repository">Tells which keys are whose. It is looked at again when an unknown key turns up.</param>
    /// <param name="options">How the network is reached.</param>
    /// <param name="loggerFactory">Where events are logged; null logs nowhere.</param>
    /// <param name="timeProvider">The clock; null is the system's.</param>
    /// <exception cref="PlexusException">An option is out of its range.</exception>
    public DhtRendezvous(
        IdentityRepository repository,
        DhtRendezvousOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(repository, options, UdpNetwork.Instance, timeProvider ?? TimeProvider.System, loggerFactory)
    {
    }

    internal DhtRendezvous(
        IdentityRepository repository,
        DhtRendezvousOptions options,
        IDatagramNetwork network,
        TimeProvider clock,
        ILoggerFactory? loggerFactory = null)
    {
        options.Validate();
        (_repository, _options, _network, _clock) = (repository, options, network, clock);
        _loggerFactory = loggerFactory ?? NullLoggerFactory.Instance;
        _logger = _loggerFactory.CreateLogger<DhtRendezvous>();
        _ids = new ValueIds(clock, options.StateFolder is { } folder ? new LastIdFile(Path.Combine(folder, "last-invitation")) : null);
        _keys = new RendezvousKeys(options);
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        await NodeAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Introduction> InviteAsync(
        Identity host,
        Identity peer,
        Func<CancellationToken, Task<Introduction>> introduce,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        DhtNode node = await NodeAsync(cancellationToken);
        DhtInviter inviter = new(node, _options, _ids, host, peer, _clock, _logger);
        await foreach (Introduction theirs in inviter.InviteAsync(introduce, cancellationToken)) yield return theirs;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Invitation> AcceptAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        DhtNode node = await NodeAsync(cancellationToken);
        PeerMail mail = new(_repository, host, peers, IntroductionKind.Invitation, _options.AppId, _clock, _logger);
        DhtAcceptor acceptor = new(node, _options, mail, host, _logger);
        await foreach (Invitation invitation in acceptor.AcceptAsync(cancellationToken)) yield return invitation;
    }

    /// <inheritdoc/>
    public async Task ForwardAdventAsync(Identity host, Identity peer, CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        DhtNode node = await NodeAsync(cancellationToken);
        IntroductionOccasion occasion = new(IntroductionKind.Advent, _options.AppId, host.SubjectPublicKeyInfo, peer.SubjectPublicKeyInfo);
        DhtValue value = SealedIntroduction.Seal(host, peer, _ids.Next(), occasion, IntroductionText.DhtAdvent, PassageCapabilities.None);
        using DhtPut put = node.Put(_keys.Advent(peer), value);
        await put.TakenAsync(_options.PutTimeout, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Identity> ReceiveAdventsAsync(
        Identity host, IdentityName peers, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallerContext.Leave();
        DhtNode node = await NodeAsync(cancellationToken);
        PeerMail mail = new(_repository, host, peers, IntroductionKind.Advent, _options.AppId, _clock, _logger);
        await foreach (PeerLetter letter in mail.ReadAsync(node, _keys.Advent(host), cancellationToken))
            yield return letter.Peer; // What an advent says means nothing.
    }

    /// <summary>Ends the node. What it has put lives on in the network for about 10 minutes.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<DhtNode>? node;
        lock (_lock) (node, _node) = (_node, null);
        if (node is null) return;
        await ((Task)node).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (node.IsCompletedSuccessfully) await node.Result.DisposeAsync();
    }

    private async Task<DhtNode> NodeAsync(CancellationToken cancellationToken)
    {
        Task<DhtNode> node;
        lock (_lock)
        {
            if (_node is { IsFaulted: true }) _node = null; // A port may have become free since.
            node = _node ??= DhtNode.StartAsync(
                new DhtNodeOptions
                {
                    Port = _options.Port,
                    FallsBackToAnyPort = true,
                    Bootstrap = _options.Bootstrap,
                    Network = _options.Network,
                    StateFile = _options.StateFolder is { } folder ? Path.Combine(folder, $"rendezvous-{_options.Network}") : null,
                    IsClientBehindNat = true,
                },
                _network,
                _clock,
                _loggerFactory);
        }

        return await node.WaitAsync(cancellationToken);
    }
}
