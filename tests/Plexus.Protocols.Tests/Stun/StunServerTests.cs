using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Stun;

public sealed class StunServerTests
{
    private static readonly IPEndPoint Client = IPEndPoint.Parse("203.0.113.7:4000");
    private static readonly IPEndPoint ClientV6 = IPEndPoint.Parse("[2001:db8::7]:4000");
    private static readonly StunTransactionId Id = StunTransactionId.New(new Random(1).NextBytes);
    private static readonly StunServerSockets Four =
        new(IPAddress.Parse("198.51.100.1"), 3478, IPAddress.Parse("198.51.100.2"), 3479);

    private readonly byte[] _buffer = new byte[StunServer.LargestAnswer];

    [Theory] // The socket asked, the wish, the socket that answers.
    [InlineData(0, StunChange.None, 0)]
    [InlineData(0, StunChange.Port, 1)]
    [InlineData(0, StunChange.Address, 2)]
    [InlineData(0, StunChange.Address | StunChange.Port, 3)]
    [InlineData(3, StunChange.Address | StunChange.Port, 0)]
    [InlineData(2, StunChange.Port, 3)]
    internal void The_answer_leaves_from_the_wished_socket(int asked, StunChange change, int expected)
    {
        Assert.True(TryAsk(new(Four), Write(Id, change), Client, asked, out StunServerAnswer answer));
        Assert.Equal((expected, Client), (answer.Socket, answer.To));
        Assert.True(BindingAnswer.TryRead(_buffer.AsSpan(0, answer.Length), out BindingAnswer? read));
        Assert.Equal(Client, read!.Mapped);
        Assert.Equal(Four[asked ^ 3], read.Other);
    }

    [Fact]
    public void A_server_with_one_socket_refuses_the_wish_and_names_no_other_address()
    {
        StunServer server = new(new StunServerSockets(IPAddress.Parse("2001:db8::1"), 3478));
        Assert.True(TryAsk(server, Write(Id), ClientV6, 0, out StunServerAnswer plain));
        Assert.True(BindingAnswer.TryRead(_buffer.AsSpan(0, plain.Length), out BindingAnswer? read));
        Assert.Equal(ClientV6, read!.Mapped);
        Assert.Null(read.Other);
        Assert.True(TryAsk(server, Write(Id, StunChange.Port), ClientV6, 0, out StunServerAnswer refusal));
        Assert.True(BindingAnswer.TryRead(_buffer.AsSpan(0, refusal.Length), out read));
        Assert.Equal((420, "Unknown Attribute"), (read!.ErrorCode, read.Reason));
    }

    [Fact]
    public void A_classic_client_gets_its_three_attributes_unmasked()
    {
        StunTransactionId classic = new(UInt128.One);
        StunServer server = new(new StunServerSockets(IPAddress.Parse("198.51.100.1"), 3478));
        Assert.True(TryAsk(server, Write(classic), Client, 0, out StunServerAnswer answer));
        Assert.True(StunMessage.TryRead(_buffer.AsSpan(0, answer.Length), out StunMessage message));
        Assert.False(message.TryFind(StunAttributeType.XorMappedAddress, out _));
        foreach (ushort type in (ushort[])[StunAttributeType.MappedAddress, StunAttributeType.SourceAddress, StunAttributeType.ChangedAddress])
            Assert.True(message.TryFind(type, out _));
    }

    [Fact]
    public void An_unknown_required_attribute_is_refused_by_name_and_an_optional_one_skipped()
    {
        byte[] request = new byte[200];
        StunWriter writer = new(request, StunMessageType.BindingRequest, Id);
        writer.AddUInt32(0x0024, 1); // PRIORITY
        writer.AddUInt32(0xC057, 1);
        writer.AddUInt32(0x0026, 1); // PADDING
        writer.AddFingerprint();
        Assert.True(TryAsk(new(Four), request[..writer.Length], Client, 0, out StunServerAnswer answer));
        Assert.True(StunMessage.TryRead(_buffer.AsSpan(0, answer.Length), out StunMessage message));
        Assert.True(message.TryFind(StunAttributeType.UnknownAttributes, out ReadOnlySpan<byte> unknown));
        Assert.Equal("00240026", Convert.ToHexString(unknown));
        Assert.True(message.TryFind(StunAttributeType.Fingerprint, out _)); // Who asks with one is answered with one.
    }

    [Fact]
    public void A_response_port_is_heeded_at_the_same_address_only()
    {
        byte[] request = new byte[100];
        StunWriter writer = new(request, StunMessageType.BindingRequest, Id);
        writer.AddUInt32(StunAttributeType.ResponsePort, 5555u << 16);
        Assert.True(TryAsk(new(Four), request[..writer.Length], Client, 0, out StunServerAnswer answer));
        Assert.Equal(new IPEndPoint(Client.Address, 5555), answer.To);
    }

    [Fact]
    public void Over_a_stream_an_answer_can_only_go_back()
    {
        byte[] buffer = new byte[StunServer.LargestAnswer];
        StunServer server = new(Four);
        Assert.True(server.TryAnswer(Write(Id, StunChange.Port), Client, 0, overStream: true, default, buffer, out StunServerAnswer answer));
        Assert.Equal((0, Client), (answer.Socket, answer.To));
        Assert.True(BindingAnswer.TryRead(buffer.AsSpan(0, answer.Length), out BindingAnswer? read));
        Assert.Equal(420, read!.ErrorCode);
    }

    [Theory]
    [InlineData(StunMessageType.BindingIndication)]
    [InlineData(StunMessageType.BindingSuccess)]
    [InlineData(StunMessageType.BindingError)]
    [InlineData((ushort)0x0003)] // Allocate
    public void Only_requests_are_answered(ushort type)
    {
        byte[] request = new byte[100];
        StunWriter writer = new(request, type, Id);
        Assert.False(TryAsk(new(Four), request[..writer.Length], Client, 0, out _));
    }

    [Fact]
    public void No_answer_is_larger_than_announced_and_no_change_of_a_byte_throws()
    {
        StunServer server = new(new StunServerSockets(
            IPAddress.Parse("2001:db8::1"), 3478, IPAddress.Parse("2001:db8::2"), 3479));
        byte[] request = new byte[200];
        StunWriter writer = new(request, StunMessageType.BindingRequest, Id);
        writer.AddUInt32(StunAttributeType.ChangeRequest, 6);
        for (ushort type = 0x7000; type < 0x7010; type++) writer.AddUInt32(type, 0);
        byte[] plain = Write(Id, StunChange.Address);
        foreach (byte[] message in (byte[][])[request[..writer.Length], plain])
        {
            for (int i = 0; i < message.Length; i++)
            {
                for (int value = 0; value < 256; value += 3)
                {
                    byte[] changed = [.. message];
                    changed[i] = (byte)value;
                    if (TryAsk(server, changed, ClientV6, 0, out StunServerAnswer answer)) Assert.InRange(answer.Length, 20, 128);
                }

                Assert.False(TryAsk(server, message[..i], ClientV6, 0, out _));
            }
        }
    }

    [Fact]
    public void A_source_that_asks_too_often_waits_and_its_neighbours_do_not()
    {
        StunServer server = new(Four, new RequestRateLimit(perGroup: 20, overall: 100));
        Instant now = Instant.Zero;
        int answered = Enumerable.Range(0, 100).Count(_ => Ask(Client));
        Assert.Equal(20, answered);
        Assert.True(Ask(IPEndPoint.Parse("203.0.113.8:4000")));
        Assert.False(Ask(new IPEndPoint(Client.Address, 4001))); // Another port is the same source.
        now += TimeSpan.FromSeconds(1);
        Assert.Equal(20, Enumerable.Range(0, 100).Count(_ => Ask(Client)));
        Assert.Equal((41, 161), (server.Answered, server.Dropped));

        bool Ask(IPEndPoint source) => server.TryAnswer(Write(Id), source, 0, false, now, _buffer, out _);
    }

    private static byte[] Write(StunTransactionId id, StunChange change = StunChange.None)
    {
        byte[] buffer = new byte[100];
        return buffer[..BindingRequest.Write(buffer, id, change)];
    }

    private bool TryAsk(StunServer server, byte[] request, IPEndPoint source, int socket, out StunServerAnswer answer) =>
        server.TryAnswer(request, source, socket, overStream: false, default, _buffer, out answer);
}
