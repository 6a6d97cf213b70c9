using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Plexus.Lab;
using Plexus.Protocols.Tubus;
using Plexus.Protocols.Tubus.Congestion;
using Plexus.Sockets;
using Plexus.Streams;

namespace Plexus.Tests.Streams;

/// <summary>Two sockets of the laboratory, or of loopback, and a stream between them.</summary>
internal sealed class StreamPair : IAsyncDisposable
{
    private StreamPair(TubusSocket left, TubusSocket right, TubusStream connected, TubusStream accepted)
    {
        LeftSocket = left;
        RightSocket = right;
        Left = connected;
        Right = accepted;
    }

    public TubusSocket LeftSocket { get; }

    public TubusSocket RightSocket { get; }

    /// <summary>The connector.</summary>
    public TubusStream Left { get; }

    /// <summary>The acceptor.</summary>
    public TubusStream Right { get; }

    public static Task<StreamPair> OpenAsync(Internet internet, LabLink? link = null, ulong secret = 0) =>
        OpenAsync(internet, internet.AddHost("alice", "1.0.0.1", link), internet.AddHost("bob", "2.0.0.2", link), secret);

    public static Task<StreamPair> OpenAsync(Internet internet, LabHost alice, LabHost bob, ulong secret = 0) => OpenAsync(
        alice.Open(new(IPAddress.Any, 1)),
        bob.Open(new(IPAddress.Any, 2)),
        new(alice.Address, 1),
        new(bob.Address, 2),
        internet.Clock,
        secret,
        completesInline: false);

    public static Task<StreamPair> OnLoopbackAsync(ulong secret = 0, bool completesInline = false, bool isPlain = false)
    {
        UdpDatagramSocket left = new(new(IPAddress.Loopback, 0), isPlain);
        UdpDatagramSocket right = new(new(IPAddress.Loopback, 0), isPlain);
        return OpenAsync(
            left, right, left.LocalEndPoint, right.LocalEndPoint, TimeProvider.System, secret, completesInline);
    }

    public async ValueTask DisposeAsync()
    {
        await LeftSocket.DisposeAsync();
        await RightSocket.DisposeAsync();
    }

    private static async Task<StreamPair> OpenAsync(
        IDatagramSocket left,
        IDatagramSocket right,
        IPEndPoint leftEnd,
        IPEndPoint rightEnd,
        TimeProvider clock,
        ulong secret,
        bool completesInline)
    {
        // BBR draws lots about when to probe, from the system: with CUBIC a run in the laboratory is the same each time.
        TubusOptions options = new() { Extends = true, Congestion = clock == TimeProvider.System ? CongestionAlgorithm.Bbr : CongestionAlgorithm.Cubic };
        TubusSocket connecting = new(left, options, clock, NullLogger.Instance, companion: null, completesInline);
        TubusSocket accepting = new(right, options, clock, NullLogger.Instance, companion: null, completesInline);
        Task<TubusStream> accept = accepting.AcceptAsync(leftEnd, secret, CancellationToken.None);
        TubusStream connected = await connecting.ConnectAsync(rightEnd, secret, CancellationToken.None);
        return new StreamPair(connecting, accepting, connected, await accept);
    }
}
