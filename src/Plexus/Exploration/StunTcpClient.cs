using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Plexus.Protocols.Stun;

namespace Plexus.Exploration;

/// <summary>Asks STUN servers over TCP, all from one local port, RFC 8489 section 6.2.2.</summary>
internal sealed class StunTcpClient(TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10); // The original's, for connection and answer.

    /// <summary>Asks one server what it sees of a new connection.</summary>
    /// <param name="local">The local endpoint; several connections may share it.</param>
    /// <param name="server">The server.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The server's answer, how long it took, and why there is none.</returns>
    public async Task<(BindingAnswer? Answer, TimeSpan RoundTrip, string? Failure)> AskAsync(
        IPEndPoint local, IPEndPoint server, CancellationToken cancellationToken = default)
    {
        long start = clock.GetTimestamp();
        using CancellationTokenSource limit = new(Limit, clock);
        using CancellationTokenRegistration stopping = cancellationToken.Register(limit.Cancel);
        try
        {
            using Socket socket = Bind(local);
            await socket.ConnectAsync(server, limit.Token);
            BindingAnswer? answer = await ExchangeAsync(socket, limit.Token);
            string? failure = answer switch
            {
                null => "it answered no STUN",
                { ErrorCode: not 0 } => $"it refused with error {answer.ErrorCode} {answer.Reason}".TrimEnd(),
                { Mapped: null } => "it answered without a usable address",
                _ => null,
            };
            return (failure is null ? answer : null, clock.GetElapsedTime(start), failure);
        }
        catch (SocketException e)
        {
            return (null, default, $"no connection: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, default, $"no answer within {Limit.TotalSeconds:0} s");
        }
    }

    /// <summary>Reserves a local port that several connections can share.</summary>
    /// <exception cref="SocketException">The endpoint is taken, or not this machine's.</exception>
    public static Socket Bind(IPEndPoint local)
    {
        Socket socket = new(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.LingerState = new LingerOption(true, 0); // The port is free again at once, for the next connection.
            socket.Bind(local);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<BindingAnswer?> ExchangeAsync(Socket socket, CancellationToken cancellationToken)
    {
        StunTransactionId id = StunTransactionId.New(RandomNumberGenerator.Fill);
        byte[] buffer = new byte[StunStream.LargestMessage];
        int length = BindingRequest.Write(buffer, id);
        await StunStream.SendAsync(socket, buffer.AsMemory(0, length), cancellationToken);
        length = await StunStream.ReceiveAsync(socket, buffer, cancellationToken);
        return BindingAnswer.TryRead(buffer.AsSpan(0, length), out BindingAnswer? answer) && answer!.TransactionId == id ? answer : null;
    }
}
