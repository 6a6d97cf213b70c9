using System.Net.Sockets;
using Plexus.Exploration;
using Plexus.Protocols.Stun;

namespace Plexus.Tests.Exploration;

public sealed class StunTcpListenerTests
{
    private static readonly StunTransactionId Id = StunTransactionId.New(new Random(1).NextBytes);

    [Fact]
    public async Task Requests_in_pieces_and_in_one_piece_are_answered()
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        using Socket client = await ConnectAsync(server);
        byte[] request = Request();
        await client.SendAsync(request.AsMemory(0, 7));
        await client.SendAsync(request.AsMemory(7));
        await client.SendAsync((byte[])[.. request, .. request]);
        byte[] buffer = new byte[StunStream.LargestMessage];
        for (int i = 0; i < 3; i++)
        {
            int length = await StunStream.ReceiveAsync(client, buffer, CancellationToken.None);
            Assert.True(BindingAnswer.TryRead(buffer.AsSpan(0, length), out BindingAnswer? answer));
            Assert.Equal(client.LocalEndPoint, answer!.Mapped);
        }
    }

    [Theory]
    [InlineData("474554202f20485454502f312e310d0a0d0a0000")] // A browser.
    [InlineData("0001fffc2112a442000000000000000000000000")] // A length that no request has.
    [InlineData("010100002112a442000000000000000000000000")] // An answer.
    public async Task What_is_no_request_ends_the_connection(string hex)
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        using Socket client = await ConnectAsync(server);
        await client.SendAsync(Convert.FromHexString(hex));
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
    }

    [Fact]
    public async Task One_source_cannot_take_all_places()
    {
        await using StunLoopback server = StunLoopback.Start(alternateAddress: null);
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConnectAsync(server)));
        int answered = 0;
        foreach (Socket client in clients)
        {
            byte[] buffer = new byte[StunStream.LargestMessage];
            try
            {
                await client.SendAsync(Request());
                if (await StunStream.ReceiveAsync(client, buffer, CancellationToken.None) > 0) answered++;
            }
            catch (SocketException)
            {
                // Closed by the server already.
            }
        }

        Assert.Equal(16, answered);
        Assert.Equal(16, server.Connections);
        foreach (Socket client in clients) client.Dispose();
    }

    private static async Task<Socket> ConnectAsync(StunLoopback server)
    {
        Socket client = new(server.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(server.EndPoint);
        return client;
    }

    private static byte[] Request()
    {
        byte[] buffer = new byte[100];
        return buffer[..BindingRequest.Write(buffer, Id)];
    }
}
