using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.App.Demo;

/// <summary>The hidden command <c>plexus demo talk</c>: a launched command that takes a passage over and talks.</summary>
/// <remarks>It reads the passage from the environment, as docs/exec.md promises it to every launched command.</remarks>
internal static class TalkCommand
{
    private static readonly TimeSpan PortPatience = TimeSpan.FromSeconds(2); // plexus closes the passage's socket just before

    public static Command Create()
    {
        Command command = new("talk", "Talks over a passage; for the demonstration.") { Hidden = true };
        command.SetAction((_, cancellationToken) => RunAsync(Console.Out, cancellationToken));
        return command;
    }

    /// <summary>The lines that a pin has to say.</summary>
    public static string[] Lines(string pin, string peerPin) =>
        [$"Hello {peerPin}, {pin} here.", "This datagram came straight to you: no server carried it.", "Good bye!"];

    /// <summary>Talks, and prints each line with its time as it is heard.</summary>
    /// <returns>0 when both ends have said and heard everything, else 1.</returns>
    public static async Task<int> RunAsync(
        IDatagramNetwork network, IPEndPoint inner, IPEndPoint peer, string[] lines, Action<string> heard, TimeProvider clock, CancellationToken cancellationToken)
    {
        DatagramPump pump = new(await OpenAsync(network, inner, clock, cancellationToken), clock);
        await using (pump)
        {
            Talk talk = new(lines, peer, pump.Now);
            int told = 0;
            await pump.RunAsync(talk, core => Tell(core), cancellationToken);
            return talk.IsComplete ? 0 : 1;

            bool Tell(Talk core)
            {
                while (told < core.Heard.Count) heard(core.Heard[told++]);
                return core.IsOver;
            }
        }
    }

    private static async Task<int> RunAsync(TextWriter output, CancellationToken cancellationToken)
    {
        if (!TryReadEndPoint("PLEXUS_INNER", out IPEndPoint inner) || !TryReadEndPoint("PLEXUS_PEER", out IPEndPoint peer))
        {
            await Console.Error.WriteLineAsync("This command is started by plexus: PLEXUS_INNER_IP and its companions are not set.");
            return 1;
        }

        string pin = Environment.GetEnvironmentVariable("PLEXUS_HOST_PIN") ?? "somebody";
        string peerPin = Environment.GetEnvironmentVariable("PLEXUS_PEER_PIN") ?? "somebody";
        output.WriteLine($"{pin} {inner} -> {peerPin} {peer}");
        return await RunAsync(
            UdpNetwork.Instance,
            inner,
            peer,
            Lines(pin, peerPin),
            line =>
            {
                output.WriteLine($"{peerPin}: {line}");
                output.Flush();
            },
            TimeProvider.System,
            cancellationToken);
    }

    private static bool TryReadEndPoint(string prefix, out IPEndPoint endpoint)
    {
        endpoint = new IPEndPoint(IPAddress.Any, 0);
        if (!IPAddress.TryParse(Environment.GetEnvironmentVariable(prefix + "_IP"), out IPAddress? address)
            || !ushort.TryParse(Environment.GetEnvironmentVariable(prefix + "_PORT"), CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        endpoint = new IPEndPoint(address, port);
        return true;
    }

    // The command starts while plexus lets go of the port.
    private static async Task<IDatagramSocket> OpenAsync(
        IDatagramNetwork network, IPEndPoint inner, TimeProvider clock, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return network.Open(inner);
            }
            catch (SocketException) when (clock.GetElapsedTime(start) < PortPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), clock, cancellationToken);
            }
        }
    }
}
