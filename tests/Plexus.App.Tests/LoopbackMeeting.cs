using System.Diagnostics;
using System.Net;
using System.Text;
using Plexus.Dht;
using Plexus.Exploration;
using Plexus.Identities;
using Plexus.Sockets;

namespace Plexus.App.Tests;

/// <summary>What two processes of a test need to meet on loopback: a DHT node, a STUN server, and identities that know each other.</summary>
internal sealed class LoopbackMeeting : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Process> _started = [];
    private readonly DhtNode _node;
    private readonly StunHost _stun;

    private LoopbackMeeting(DhtNode node)
    {
        _node = node;
        int port = FreePort.Take();
        _stun = StunHost.Open([IPAddress.Loopback], port, null, UdpNetwork.Instance, TimeProvider.System, withTcp: false);
        Stun = $"127.0.0.1:{port}";
        _ = _stun.RunAsync(_stop.Token);
    }

    /// <summary>The repositories, and room for other files.</summary>
    public TemporaryFolder Folder { get; } = new();

    /// <summary>The DHT node's endpoint.</summary>
    public string Dht => $"{_node.LocalEndPoints[0]}";

    /// <summary>The STUN server's.</summary>
    public string Stun { get; }

    /// <summary>Opens one.</summary>
    /// <param name="one">A repository's folder and the identity whose key it has.</param>
    /// <param name="other">The other's.</param>
    /// <param name="network">The DHT network.</param>
    public static async Task<LoopbackMeeting> OpenAsync((string Folder, string Name) one, (string Folder, string Name) other, uint network = 0)
    {
        DhtNodeOptions options = new() { Port = 0, Addresses = [IPAddress.Loopback], Bootstrap = [], Network = network };
        LoopbackMeeting meeting = new(await DhtNode.StartAsync(options, UdpNetwork.Instance, TimeProvider.System));
        IdentityRepository ones = new(meeting.Folder[one.Folder]), others = new(meeting.Folder[other.Folder]);
        Identity first = ones.Create(IdentityName.Parse(one.Name), 2048), second = others.Create(IdentityName.Parse(other.Name), 2048);
        others.Import(first.Name, Encoding.ASCII.GetBytes(ones.Export(first.Name)));
        ones.Import(second.Name, Encoding.ASCII.GetBytes(others.Export(second.Name)));
        return meeting;
    }

    /// <summary>Starts a process, which ends with the meeting at the latest.</summary>
    public Process Start(ProcessStartInfo start)
    {
        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }

        _stop.Cancel();
        await _stun.DisposeAsync();
        await _node.DisposeAsync();
        _stop.Dispose();
        Folder.Dispose();
    }
}
