using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Sockets;

namespace Plexus.Dht;

/// <summary>Asks an endpoint whether a DHT node answers there, on a socket for this once.</summary>
internal static class DhtPing
{
    /// <summary>Asks up to three times, within 7 s.</summary>
    /// <returns>Null when nobody answered.</returns>
    public static async Task<PingAnswer?> AskAsync(
        IPEndPoint endPoint, uint networkId, IDatagramNetwork network, TimeProvider clock, CancellationToken cancellationToken = default)
    {
        IPAddress any = endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        IDatagramSocket socket;
        try
        {
            socket = network.Open(new IPEndPoint(any, 0));
        }
        catch (SocketException)
        {
            return null; // This machine does not speak that family.
        }

        await using DatagramPump pump = new(socket, clock);
        uint transactionId = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
        PingExchange ping = new(InfoHash.Random(RandomNumberGenerator.Fill), networkId, transactionId, endPoint, pump.Now);
        await pump.RunAsync(ping, static p => p.IsFinished, cancellationToken);
        return ping.Answer;
    }
}
