using System.Security.Cryptography;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>docs/protocols/opendht-node.md: what is stored, and who may replace it. Refusals are acknowledged all the same.</summary>
public sealed class StoragePolicyTests : IDisposable
{
    private static readonly InfoHash Key = InfoHash.OfText("key");

    private readonly KademliaLab _lab = new() { LatencyMilliseconds = (10, 10) };
    private readonly LabNode _node;
    private readonly ScriptedPeer _peer;
    private readonly byte[] _token;
    private readonly RSA _rsa = Pem("k1_pem");
    private readonly RSA _otherRsa = Pem("k2_pem");
    private readonly DhtPrivateKey _key;
    private readonly DhtPrivateKey _otherKey;

    public StoragePolicyTests()
    {
        _key = new DhtPrivateKey(_rsa);
        _otherKey = new DhtPrivateKey(_otherRsa);
        _node = _lab.AddNode();
        _peer = _lab.AddPeer();
        _peer.Send(_node.EndPoint, _peer.Writer.Find(1, Key));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        _token = _peer.Heard[^1].Message.Token.ToArray();
    }

    [Fact]
    public void A_signed_value_is_stored_only_with_the_right_signature()
    {
        DhtValue signed = _key.Sign(Value(1));
        Put(signed with { Data = "forged"u8.ToArray() });
        Assert.Null(Stored(1));
        Put(signed);
        Assert.Equal(signed, Stored(1));
    }

    [Fact]
    public void Only_the_owner_replaces_a_signed_value_and_only_with_a_later_one()
    {
        DhtValue first = _key.Sign(Value(1, "first") with { Sequence = 5 });
        Put(first);
        Put(_key.Sign(Value(1, "older") with { Sequence = 4 }));
        Put(_key.Sign(Value(1, "same number") with { Sequence = 5 }));
        Put(_otherKey.Sign(Value(1, "another owner") with { Sequence = 9 }));
        Put(Value(1, "unsigned"));
        Put(_key.Sign(Value(1, "signed") with { Sequence = 9 }) with { Data = "forged"u8.ToArray() });
        Put(new DhtValue { Id = 1, Cipher = new byte[300] });
        Assert.Equal(first, Stored(1));
        DhtValue later = _key.Sign(Value(1, "later") with { Sequence = 6 });
        Put(later);
        Assert.Equal(later, Stored(1));
        Assert.Equal(1, _node.Node.Store.ValueCount);
    }

    [Fact]
    public void Nobody_replaces_a_value_without_signature()
    {
        Put(Value(1, "plain"));
        Put(Value(1, "other"));
        Put(_key.Sign(Value(1, "signed")));
        Assert.Equal(Value(1, "plain"), Stored(1));
        Put(new DhtValue { Id = 2, Cipher = new byte[300] });
        Put(Value(2, "other"));
        Assert.True(Stored(2)!.IsEncrypted);
        Put(Value(3) with { Type = 77 });
        Put(Value(3, "other") with { Type = 77 });
        Assert.Equal(Value(3) with { Type = 77 }, Stored(3));
    }

    [Fact]
    public void The_rules_of_types_are_kept()
    {
        Put(Value(1) with { Type = DhtValueType.Message, Data = new byte[] { 0x92, 0xa0, 0xc4, 0 } }); // The empty service.
        Assert.Null(Stored(1));
        Put(Vector("value/type/dhtmessage") with { Id = 2 });
        Assert.NotNull(Stored(2));
        Put(Value(3) with { Type = DhtValueType.IpServiceAnnouncement });
        Assert.Null(Stored(3)); // No address in it.
        Put(Vector("value/type/ip-service") with { Id = 4 });
        byte[] announced = Stored(4)!.Data.ToArray();
        Assert.Equal(0xc4, announced[0]); // Binary of 16 bytes: family, port, and the address of the putter.
        Assert.Equal(_peer.EndPoint.Address.GetAddressBytes(), announced[6..10]);
        Put(Value(5) with { Type = DhtValueType.Certificate });
        Assert.Null(Stored(5));
    }

    [Fact]
    public void A_certificate_is_stored_under_the_id_of_its_key()
    {
        byte[] chain = Encoding.ASCII.GetBytes(Vectors.Basic("crypto/keys").GetProperty("c1_pem").GetString()!);
        MessagePackWriterOf(chain, out byte[] data);
        DhtValue certificate = new() { Id = 1, Type = DhtValueType.Certificate, Data = data };
        Put(certificate);
        Assert.Null(Stored(1));
        Put(certificate, _key.Id);
        Assert.Equal(certificate, _node.Node.Store.Find(_key.Id)!.Values[0].Value);
        InfoHash recent = InfoHash.Of(SHA256.HashData(_key.Info.Span));
        Put(certificate, recent);
        Assert.NotNull(_node.Node.Store.Find(recent));
    }

    [Fact]
    public void Signatures_are_verified_once_and_no_source_gets_more_than_its_share()
    {
        using SignatureChecks checks = new();
        DhtValue signed = _key.Sign(Value(1));
        for (int i = 0; i < 10; i++) Assert.True(checks.IsValid(signed with { Id = (ulong)i + 1 }, _peer.EndPoint.Address, _lab.Now));
        Assert.Equal(1, checks.Performed);
        for (int i = 0; i < 1000; i++) checks.IsValid(signed with { Data = BitConverter.GetBytes(i) }, _peer.EndPoint.Address, _lab.Now);
        Assert.Equal(256, checks.Performed);
        Assert.Equal(745, checks.Refused);
        Assert.True(checks.IsValid(_key.Sign(Value(2)), _node.EndPoint.Address, _lab.Now));
        Assert.False(checks.IsValid(_key.Sign(Value(3, "new")), _peer.EndPoint.Address, _lab.Now));
        Assert.True(checks.IsValid(_key.Sign(Value(3, "new")), _peer.EndPoint.Address, _lab.Now + TimeSpan.FromSeconds(1)));
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _otherRsa.Dispose();
    }

    private static RSA Pem(string name)
    {
        RSA rsa = RSA.Create();
        rsa.ImportFromPem(Vectors.Basic("crypto/keys").GetProperty(name).GetString());
        return rsa;
    }

    private static void MessagePackWriterOf(byte[] bytes, out byte[] packed) =>
        packed = new Plexus.Protocols.MessagePack.MessagePackWriter().Binary(bytes).ToArray();

    private static DhtValue Vector(string name)
    {
        Assert.True(DhtValue.TryUnpack(Vectors.Basic(name).Hex(), out DhtValue? value));
        return value!;
    }

    private static DhtValue Value(ulong id, string text = "hello") => new() { Id = id, Data = Encoding.ASCII.GetBytes(text) };

    private DhtValue? Stored(ulong id) => _node.Node.Store.Find(Key)?.Find(id)?.Value;

    private void Put(DhtValue value, InfoHash? key = null)
    {
        int before = _peer.Heard.Count;
        _peer.Send(_node.EndPoint, _peer.Writer.Put(_peer.NextId(), key ?? Key, [value], null, _token));
        _lab.Run(TimeSpan.FromMilliseconds(100));
        Assert.Equal(value.Id, _peer.Heard[before].Message.ValueId); // Always acknowledged.
    }
}
