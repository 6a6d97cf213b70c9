using System.Numerics;
using System.Text.Json;
using CsCheck;
using Plexus.Protocols.Kademlia;

namespace Plexus.Protocols.Tests.Kademlia;

public sealed class InfoHashTests
{
    private static readonly Gen<InfoHash> Hashes = Gen.Byte.Array[InfoHash.Size].Select(static b => new InfoHash(b));

    [Theory]
    [InlineData("infohash/hello")]
    [InlineData("infohash/empty")]
    public void A_text_hashes_as_in_the_reference_library(string name)
    {
        JsonElement vector = Vectors.Basic(name);
        Assert.Equal(vector.GetProperty("hash").GetString(), InfoHash.OfText(vector.GetProperty("text").GetString()!).ToString());
    }

    [Fact]
    public void The_rendezvous_hashes_of_the_original_plexus_are_found()
    {
        foreach (JsonElement identity in Vectors.Document("identities.json").EnumerateArray())
        {
            foreach (string purpose in new[] { "hash_invite", "hash_accept", "hash_advent" })
            {
                Assert.Equal(
                    identity.GetProperty(purpose).GetString(),
                    InfoHash.OfText(identity.GetProperty($"{purpose}_input").GetString()!).ToString());
            }

            Assert.Equal(identity.GetProperty("pubkey_id").GetString(), InfoHash.Of(identity.Hex("pubkey_der_hex")).ToString());
        }
    }

    [Fact]
    public void Text_and_bytes_round_trip() => Hashes.Sample(static hash =>
        InfoHash.TryParse(hash.ToString(), out InfoHash parsed) && parsed == hash
        && InfoHash.TryParse(hash.ToString().ToUpperInvariant(), out InfoHash upper) && upper == hash
        && new InfoHash(hash.ToArray()) == hash);

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcdef0123456")]
    [InlineData("0123456789abcdef0123456789abcdef012345678")]
    [InlineData("0123456789abcdef0123456789abcdef0123456g")]
    [InlineData(" 123456789abcdef0123456789abcdef01234567")]
    [InlineData("+123456789abcdef0123456789abcdef01234567")]
    public void Anything_but_forty_digits_is_no_hash(string text) => Assert.False(InfoHash.TryParse(text, out _));

    [Fact]
    public void Order_and_distance_are_those_of_big_endian_numbers() => Gen.Select(Hashes, Hashes, Hashes).Sample(static (a, b, c) =>
    {
        BigInteger x = Number(a), y = Number(b), z = Number(c);
        Assert.Equal(Math.Sign(x.CompareTo(y)), Math.Sign(a.CompareTo(b)));
        Assert.Equal(Math.Sign((x ^ z).CompareTo(y ^ z)), Math.Sign(c.CompareDistance(a, b)));
        Assert.Equal(x ^ y, Number(a ^ b));
        Assert.Equal(x == y ? 160 : 160 - (int)(x ^ y).GetBitLength(), a.CommonPrefixLength(b));
    });

    [Fact]
    public void A_bit_can_be_read_and_changed() => Gen.Select(Hashes, Gen.Int[0, 159]).Sample(static (hash, index) =>
    {
        bool bit = (Number(hash) >> (159 - index) & 1) == 1;
        Assert.Equal(bit, hash.GetBit(index));
        Assert.Equal(hash, hash.WithBit(index, bit));
        Assert.Equal(index, hash.CommonPrefixLength(hash.WithBit(index, !bit)));
    });

    private static BigInteger Number(InfoHash hash) => new(hash.ToArray(), isUnsigned: true, isBigEndian: true);
}
