using System.Net;
using Plexus.Lab;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;

namespace Plexus.Protocols.Tests.Tubus;

/// <summary>Two machines with an endpoint each, and one channel between them.</summary>
internal sealed class TubusLab : IDisposable
{
    public const ulong Secret = 1234567890;

    private const int Port = 5000;

    private readonly Random _random;
    private readonly ulong _secret;
    private LabCore _clientCore;
    private readonly LabCore _serverCore;

    public TubusLab(
        LabLink? line = null,
        ulong secret = 0,
        int seed = 1,
        TubusOptions? clientOptions = null,
        TubusOptions? serverOptions = null,
        Func<int, ICongestionControl>? control = null,
        bool listens = false)
    {
        Internet = new Internet(seed) { KeepsTrace = false };
        Random random = _random = new(seed);
        _secret = secret;
        ClientHost = Internet.AddHost("client", "1.0.0.1", line ?? Line);
        ServerHost = Internet.AddHost("server", "2.0.0.2", line ?? Line);
        Client = new TubusUser(new TubusEndpoint(clientOptions ?? Ours, () => (ulong)random.NextInt64(), control));
        Server = new TubusUser(new TubusEndpoint(serverOptions ?? clientOptions ?? Ours, () => (ulong)random.NextInt64(), control));
        if (listens) Server.Endpoint.Listen(secret);
        else Server.Channel = Server.Endpoint.Accept(new IPEndPoint(ClientHost.Address, Port), secret, Now);
        Client.Channel = Client.Endpoint.Connect(new IPEndPoint(ServerHost.Address, Port), secret, Now);
        _serverCore = ServerHost.Attach(Port, Server);
        _clientCore = ClientHost.Attach(Port, Client);
    }

    /// <summary>Both sides are ours and know it, as after introductions.</summary>
    public static TubusOptions Ours { get; } = new() { Extends = true };

    /// <summary>Half of an ordinary path: 20 ms one way between two of them.</summary>
    public static LabLink Line { get; } = LabLink.Wan with { Mtu = 1500 };

    public Internet Internet { get; }

    public LabHost ClientHost { get; }

    public LabHost ServerHost { get; }

    public TubusUser Client { get; private set; }

    public TubusUser Server { get; }

    public Instant Now => new(Internet.Now);

    public IPEndPoint ClientEndPoint => new(ClientHost.Address, Port);

    public IPEndPoint ServerEndPoint => new(ServerHost.Address, Port);

    public TubusChannel ClientChannel => Client.Channel!;

    public TubusChannel ServerChannel => Server.Channel!;

    public bool RunUntil(Func<bool> condition, double seconds) => Internet.RunUntil(condition, TimeSpan.FromSeconds(seconds));

    public void Pass(double seconds) => Internet.Run(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets both send what their users have just asked for.</summary>
    public void Wake()
    {
        _clientCore.Wake();
        _serverCore.Wake();
    }

    /// <summary>Puts a new client in the place of the old one, without a word to anybody.</summary>
    public void RestartClient()
    {
        _clientCore.Dispose();
        Client = new TubusUser(new TubusEndpoint(new(), () => (ulong)_random.NextInt64()));
        Client.Channel = Client.Endpoint.Connect(ServerEndPoint, _secret, Now);
        _clientCore = ClientHost.Attach(Port, Client);
    }

    public void SetLine(LabLink line) => ClientHost.Link = ServerHost.Link = line;

    public void Dispose() => Internet.Dispose();
}
