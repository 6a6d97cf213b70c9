using System.Net;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Stun;

public sealed class StunCaptureTests
{
    public static TheoryData<string> Names => [.. StunCapture.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Our_client_reads_the_answers_of_coturn(string name)
    {
        StunCapture.Message[] answers = [.. Of(name).Messages.Where(m => m.Type == "response")];
        Assert.NotEmpty(answers);
        foreach (StunCapture.Message message in answers)
        {
            Assert.True(BindingAnswer.TryRead(message.Bytes, out BindingAnswer? answer));
            Assert.Equal(message["XOR-MAPPED-ADDRESS"] ?? message["MAPPED-ADDRESS"], answer!.Mapped!.ToString());
            Assert.Equal(message["OTHER-ADDRESS"] ?? message["CHANGED-ADDRESS"], answer.Other!.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Our_server_tells_the_original_what_coturn_told_it(string name)
    {
        // The capture's server has the addresses .2 and .3 and the ports 3478 and 3479.
        StunCapture.Message[] requests = [.. Of(name).Messages.Where(m => m.Type == "request")];
        byte[] network = requests[0].To.Address.GetAddressBytes();
        StunServerSockets sockets = new(Address(2), 3478, Address(3), 3479);
        StunServer server = new(sockets);
        byte[] buffer = new byte[StunServer.LargestAnswer];
        int compared = 0;
        foreach (StunCapture.Message answer in Of(name).Messages.Where(m => m.Type == "response"))
        {
            StunCapture.Message request = requests.Last(r => r.Bytes.AsSpan(4, 16).SequenceEqual(answer.Bytes.AsSpan(4, 16)));
            int socket = sockets.Numbers.First(n => sockets[n].Equals(request.To));
            IPEndPoint source = IPEndPoint.Parse(answer["XOR-MAPPED-ADDRESS"] ?? answer["MAPPED-ADDRESS"]!);
            Assert.True(server.TryAnswer(request.Bytes, source, socket, false, default, buffer, out StunServerAnswer ours));
            Assert.Equal(answer.From, sockets[ours.Socket]);
            Assert.Equal(source, ours.To);
            Dictionary<ushort, byte[]> told = Read(buffer.AsSpan(0, ours.Length));
            Dictionary<ushort, byte[]> expected = Read(answer.Bytes);
            expected.Remove(StunAttributeType.Software); // Says nothing, and would enlarge the answer.
            if (expected.ContainsKey(StunAttributeType.XorMappedAddress)) expected.Remove(StunAttributeType.MappedAddress);
            Assert.Equal(expected.Keys.Order(), told.Keys.Order());
            foreach ((ushort type, byte[] value) in expected)
            {
                // At its second address coturn names that address again; RFC 5780 section 7.4 means the first one.
                bool isOther = type is StunAttributeType.OtherAddress or StunAttributeType.ChangedAddress;
                if (!isOther || socket == 0) Assert.Equal(value, told[type]);
            }

            compared++;
        }

        Assert.True(compared > 0);
        IPAddress Address(byte last) => new([.. network[..3], last]);
    }

    private static StunCapture Of(string name) => StunCapture.All.Single(c => c.Name == name);

    private static Dictionary<ushort, byte[]> Read(ReadOnlySpan<byte> datagram)
    {
        Assert.True(StunMessage.TryRead(datagram, out StunMessage message));
        Dictionary<ushort, byte[]> attributes = [];
        StunAttributes walk = message.Attributes;
        while (walk.MoveNext()) attributes.Add(walk.Type, walk.Value.ToArray());
        return attributes;
    }
}
