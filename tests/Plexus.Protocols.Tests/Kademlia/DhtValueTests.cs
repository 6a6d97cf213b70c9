using System.Security.Cryptography;
using System.Text.Json;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Tests.Kademlia;

public sealed class DhtValueTests
{
    private static readonly JsonElement Keys = Vectors.Basic("crypto/keys");

    public static TheoryData<string> SignedVectors => ["value/signed", "value/signed-to-utype", "value/plexus"];

    [Theory]
    [InlineData("value/plain")]
    [InlineData("value/utype-prio")]
    [InlineData("value/signed")]
    [InlineData("value/signed-to-utype")]
    [InlineData("value/plexus")]
    [InlineData("value/encrypted")]
    [InlineData("value/type/dhtmessage")]
    [InlineData("value/type/ip-service")]
    public void A_value_of_the_reference_library_is_packed_again_byte_for_byte(string name)
    {
        byte[] packed = Vectors.Basic(name).Hex();
        Assert.Equal(packed, Read(packed).Pack());
    }

    [Theory]
    [MemberData(nameof(SignedVectors))]
    public void A_signature_of_the_reference_library_is_right_until_anything_it_covers_changes(string name)
    {
        DhtValue value = Read(Vectors.Basic(name).Hex());
        using SignatureChecker checker = new();
        Assert.Equal(Keys.GetProperty("k1_id").GetString(), value.OwnerId.ToString());
        Assert.True(checker.IsRight(value));
        Assert.True(checker.IsRight(value with { Id = value.Id + 1 }));
        Assert.True(checker.IsRight(value with { Priority = 1 }));
        Assert.False(checker.IsRight(value with { Data = Changed(value.Data) }));
        Assert.False(checker.IsRight(value with { Signature = Changed(value.Signature) }));
        Assert.False(checker.IsRight(value with { Signature = value.Signature[1..] }));
        Assert.False(checker.IsRight(value with { Sequence = (ushort)(value.Sequence + 1) }));
        Assert.False(checker.IsRight(value with { Type = 3 }));
        Assert.False(checker.IsRight(value with { UserType = "text/html" }));
        Assert.False(checker.IsRight(value with { Recipient = InfoHash.OfText("another") }));
        Assert.False(checker.IsRight(value with { Owner = Vectors.Document("identities.json")[0].Hex("pubkey_der_hex") }));
        Assert.False(checker.IsRight(value with { Owner = default, Signature = default }));
    }

    [Fact]
    public void Signing_gives_the_signatures_of_the_reference_library()
    {
        using RSA rsa = Pem(Keys.GetProperty("k1_pem").GetString()!);
        DhtPrivateKey key = new(rsa);
        foreach (string name in SignedVectors.Select(static row => row.Data))
        {
            byte[] packed = Vectors.Basic(name).Hex();
            Assert.Equal(packed, key.Sign(Read(packed) with { Owner = default, Signature = default }).Pack());
        }
    }

    [Theory]
    [InlineData("value/plain")]
    [InlineData("value/signed")]
    [InlineData("value/signed-to-utype")]
    public void The_bytes_to_sign_are_the_canonical_body(string name)
    {
        MessagePackWriter body = new();
        DhtValueCodec.WriteBody(body, Read(Vectors.Basic(name).Hex()));
        Assert.Equal(Vectors.Basic($"{name}/to-sign").Hex(), body.ToArray());
    }

    [Fact]
    public void Values_made_as_plexus_makes_them_are_made_again_and_opened()
    {
        foreach (JsonElement made in Vectors.Document("values_made.json").EnumerateArray())
        {
            byte[] packed = made.Hex("packed_value_hex");
            DhtValue value = Read(packed);
            using RSA sender = IdentityKey(made.GetProperty("sender").GetString()!);
            using RSA recipient = IdentityKey(made.GetProperty("recipient").GetString()!);
            using SignatureChecker checker = new();
            Assert.Equal(made.Hex("cipher_hex"), value.Data);
            Assert.Equal(made.Hex("signature_hex"), value.Signature);
            Assert.Equal(made.GetProperty("owner_id").GetString(), value.OwnerId.ToString());
            Assert.True(checker.IsRight(value));
            DhtValue again = new DhtPrivateKey(sender).Sign(new DhtValue { Id = value.Id, Data = made.Hex("cipher_hex") });
            Assert.Equal(packed, again.Pack());
            Assert.True(new DhtPrivateKey(recipient).TryDecrypt(value.Data.Span, out byte[] plain));
            Assert.Equal(made.Hex("plain_msgpack_hex"), plain);
            Assert.Equal(made.GetProperty("text").GetString(), TextOf(plain));
            Assert.Equal(plain, PackedText.Pack(TextOf(plain)));
        }
    }

    [Fact]
    public void Values_seen_on_the_wire_are_judged_as_the_reference_library_judged_them()
    {
        int opened = 0;
        foreach (JsonElement seen in Vectors.Document("values_seen.json").EnumerateArray())
        {
            byte[] packed = seen.Hex("packed_value_hex");
            DhtValue value = Read(packed);
            Assert.Equal(packed, value.Pack());
            if (!seen.TryGetProperty("signature_ok", out JsonElement isRight)) continue;
            using SignatureChecker checker = new();
            Assert.Equal(isRight.GetBoolean(), checker.IsRight(value));
            Assert.Equal(seen.GetProperty("owner_id").GetString(), value.OwnerId.ToString());
            Assert.Equal(seen.GetProperty("value_id").GetUInt64(), value.Id);
            if (!seen.TryGetProperty("text", out JsonElement text) || !seen.TryGetProperty("recipient", out JsonElement name)) continue;
            using RSA recipient = IdentityKey(name.GetString()!);
            Assert.True(new DhtPrivateKey(recipient).TryDecrypt(value.Data.Span, out byte[] plain));
            Assert.Equal(text.GetString(), TextOf(plain));
            opened++;
        }

        Assert.True(opened >= 10, $"{opened} opened");
    }

    [Fact]
    public void An_encrypted_value_opens_for_its_recipient_only()
    {
        DhtValue value = Read(Vectors.Basic("value/encrypted").Hex());
        using RSA right = Pem(Keys.GetProperty("k2_pem").GetString()!);
        using RSA wrong = Pem(Keys.GetProperty("k1_pem").GetString()!);
        Assert.True(new DhtPrivateKey(right).TryDecrypt(value.Cipher.Span, out byte[] content));
        Assert.Equal(Vectors.Basic("value/encrypted/plaintext").Hex(), content);
        Assert.True(new DhtPrivateKey(right).TryOpen(value, out DhtValue? opened));
        Assert.Equal(value.Id, opened!.Id);
        Assert.Equal(Keys.GetProperty("k1_id").GetString(), opened.OwnerId.ToString());
        Assert.Equal(Keys.GetProperty("k2_id").GetString(), opened.Recipient.ToString());
        Assert.False(new DhtPrivateKey(wrong).TryOpen(value, out _));
        Assert.False(new DhtPrivateKey(right).TryOpen(value with { Cipher = Changed(value.Cipher) }, out _));
        Assert.False(new DhtPrivateKey(right).TryOpen(value with { Cipher = value.Cipher[..^1] }, out _));

        JsonElement alices = Vectors.Document("value_fully_encrypted.json");
        using RSA bob = IdentityKey("bob");
        Assert.True(new DhtPrivateKey(bob).TryOpen(Read(alices.Hex("packed_value_hex")), out DhtValue? fromAlice));
        Assert.Equal(alices.Hex("inner_signature_hex"), fromAlice!.Signature);
    }

    [Fact]
    public void What_we_seal_the_recipient_opens_and_a_value_for_somebody_else_is_refused()
    {
        using RSA alice = IdentityKey("alice");
        using RSA bob = IdentityKey("bob");
        Assert.True(DhtPublicKey.TryImport(bob.ExportSubjectPublicKeyInfo(), out DhtPublicKey? toBob));
        using DhtPublicKey recipient = toBob!;
        DhtValue value = new() { Id = 7, Data = new byte[5000], UserType = "text/plain", Sequence = 2, Priority = 1 };
        DhtValue closed = new DhtPrivateKey(alice).Seal(value, recipient);
        Assert.True(closed.IsEncrypted);
        Assert.True(new DhtPrivateKey(bob).TryOpen(Read(closed.Pack()), out DhtValue? opened));
        Assert.Equal(2, opened!.Sequence);
        Assert.Equal(1u, opened.Priority);
        Assert.Equal(new DhtPrivateKey(alice).Id, opened.OwnerId);

        // Encrypted for bob, but the signed content says it is for alice.
        MessagePackWriter content = new();
        DhtValueCodec.WriteContent(content, new DhtPrivateKey(alice).Sign(value with { Recipient = new DhtPrivateKey(alice).Id }));
        Assert.False(new DhtPrivateKey(bob).TryOpen(new DhtValue { Id = 7, Cipher = recipient.Encrypt(content.Written) }, out _));
    }

    [Fact]
    public void Lengths_of_ciphers_are_those_of_the_reference_library()
    {
        Assert.True(DhtPublicKey.TryImport(SpkiOf("k2_pem"), out DhtPublicKey? key));
        using DhtPublicKey recipient = key!;
        using RSA rsa = Pem(Keys.GetProperty("k2_pem").GetString()!);
        foreach (JsonProperty length in Vectors.Basic("crypto/encrypt-lengths").GetProperty("lengths").EnumerateObject())
        {
            byte[] plain = RandomNumberGenerator.GetBytes(int.Parse(length.Name, System.Globalization.CultureInfo.InvariantCulture));
            byte[] cipher = recipient.Encrypt(plain);
            Assert.Equal(length.Value.GetInt32(), cipher.Length);
            Assert.True(new DhtPrivateKey(rsa).TryDecrypt(cipher, out byte[] opened));
            Assert.Equal(plain, opened);
        }
    }

    [Theory]
    [InlineData("crypto/encrypt-small", "packmsg/str25", "hex")]
    [InlineData("crypto/encrypt-hybrid", "crypto/encrypt-hybrid", "plaintext")]
    [InlineData("value/plexus", "packmsg/str25", "hex")]
    public void What_the_reference_library_encrypted_is_decrypted(string name, string plainName, string plainField)
    {
        using RSA rsa = Pem(Keys.GetProperty("k2_pem").GetString()!);
        byte[] bytes = Vectors.Basic(name).Hex();
        ReadOnlyMemory<byte> cipher = name.StartsWith("value/", StringComparison.Ordinal) ? Read(bytes).Data : bytes;
        Assert.True(new DhtPrivateKey(rsa).TryDecrypt(cipher.Span, out byte[] plain));
        Assert.Equal(Vectors.Basic(plainName).Hex(plainField), plain);
    }

    [Fact]
    public void Key_ids_are_those_of_the_reference_library()
    {
        Assert.True(DhtPublicKey.TryImport(Keys.Hex("k1_spki"), out DhtPublicKey? key));
        Assert.Equal(Keys.GetProperty("k1_id").GetString(), key!.Id.ToString());
        Assert.Equal(Keys.GetProperty("k1_long_id").GetString(), Convert.ToHexStringLower(key.LongId.Span));
        Assert.Equal(Keys.GetProperty("node_id_from_cert1").GetString(), InfoHash.OfText($"node:{key.Id}").ToString());
        Assert.Equal(Keys.GetProperty("certificate_key_from_long_id").GetString(), InfoHash.Of(key.LongId.Span).ToString());
        Assert.Equal(Keys.GetProperty("ec_ca_id").GetString(), InfoHash.Of(Keys.Hex("ec_ca_spki")).ToString());
        Assert.False(DhtPublicKey.TryImport(Keys.Hex("ec_ca_spki"), out _)); // Signatures of EC keys never verify.
        key.Dispose();
    }

    [Fact]
    public void An_owner_in_PEM_is_brought_to_DER()
    {
        DhtValue value = Read(Vectors.Basic("value/signed").Hex());
        DhtValue asText = value with { Owner = System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("PUBLIC KEY", value.Owner.Span)) };
        Assert.Equal(value, Read(asText.Pack()));
    }

    [Theory]
    [InlineData("82a269642aa364617481a4626f647982a47479706500a464617461c40548656c6c6f", true)]
    [InlineData("82a269642aa364617481a4626f647982a47479706500a464617461a548656c6c6f", true)] // Data as a text.
    [InlineData("82a269642aa364617481a4626f647982a47479706500a464617461950102030405", true)] // As an array, long ago.
    [InlineData("83a26964010102a364617481a4626f647982a47479706500a464617461c400", true)] // A key that is not a text.
    [InlineData("83a26964012aa269642aa36461", false)]
    [InlineData("81a269642a", false)] // No content.
    [InlineData("81a364617481a4626f647982a47479706500a464617461c400", false)] // No id.
    [InlineData("82a26964ffa364617481a4626f647982a47479706500a464617461c400", false)] // A negative id.
    [InlineData("82a269642aa3646174c400", false)] // An empty cipher.
    [InlineData("82a269642aa364617481a4626f647981a47479706500", false)] // No data.
    [InlineData("82a269642aa364617481a4626f647982a474797065ce00010000a464617461c400", false)] // A type beyond 16 bits.
    [InlineData("82a269642aa364617481a4626f647984a373657100a56f776e6572c40101a47479706500a464617461c400", false)] // No key, no signature.
    public void The_form_of_values_is_judged(string hex, bool isRead) =>
        Assert.Equal(isRead, DhtValue.TryUnpack(Convert.FromHexString(hex), out _));

    [Fact]
    public void An_owner_without_a_signature_is_no_value()
    {
        DhtValue value = Read(Vectors.Basic("value/signed").Hex());
        Assert.False(DhtValue.TryUnpack((value with { Signature = default }).Pack(), out _));
    }

    [Fact]
    public void Inside_values_the_first_of_two_equal_keys_counts()
    {
        byte[] twice = Convert.FromHexString("83a269642aa269642ba364617481a4626f647982a47479706500a464617461c400");
        Assert.Equal(42u, Read(twice).Id);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(16_384)]
    public void Keys_of_unusable_size_are_refused_before_any_arithmetic(int bits)
    {
        byte[] modulus = new byte[bits / 8];
        Array.Fill(modulus, (byte)0xff);
        using RSA rsa = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
        Assert.False(DhtPublicKey.TryImport(rsa.ExportSubjectPublicKeyInfo(), out _));
    }

    [Theory]
    [InlineData("01")] // Leaves everything as it is.
    [InlineData("010000")] // Even.
    [InlineData("0100000001")] // So long that checking takes long.
    public void Keys_with_unusable_exponents_are_refused(string exponent)
    {
        byte[] modulus = new byte[256];
        Array.Fill(modulus, (byte)0xff);
        byte[] info = SpkiWriter(modulus, Convert.FromHexString(exponent));
        Assert.False(PublicKeyInfo.IsUsableRsa(info));
        Assert.True(PublicKeyInfo.IsUsableRsa(SpkiWriter(modulus, [1, 0, 1])));
    }

    [Fact]
    public void A_second_object_behind_the_text_reaches_those_who_look_for_it()
    {
        byte[] extension = new MessagePackWriter().Map(1).String("v"u8).Integer(1).ToArray();
        Assert.True(PackedText.TryUnpack(PackedText.Pack("PLEXUS 3.0", extension), out string text, out ReadOnlySpan<byte> found));
        Assert.Equal("PLEXUS 3.0", text);
        Assert.True(found.SequenceEqual(extension));
        Assert.True(PackedText.TryUnpack([0xa1, 0x61, 0x92, 0x01], out text, out found)); // Cut: there is none.
        Assert.True(found.IsEmpty && text == "a");
        Assert.True(PackedText.TryUnpack([0xc4, 0x01, 0x61], out text, out _));
        Assert.Equal("a", text);
        Assert.False(PackedText.TryUnpack([0xa1, 0xff], out _, out _)); // Not UTF-8.
        Assert.False(PackedText.TryUnpack([0x01], out _, out _));
        Assert.False(PackedText.TryUnpack([], out _, out _));
    }

    [Fact]
    public void Values_are_equal_when_id_and_content_are()
    {
        DhtValue value = Read(Vectors.Basic("value/signed").Hex());
        Assert.Equal(value, value with { Sequence = 99, Priority = 1 }); // Neither is compared.
        Assert.NotEqual(value, value with { Id = 1 });
        Assert.True(value.HasSameContent(value with { Id = 1 }));
        Assert.False(value.HasSameContent(value with { Data = Changed(value.Data) }));
        Assert.False(value.HasSameContent(value with { UserType = "x" }));
        Assert.False(value.HasSameContent(value with { Cipher = new byte[] { 1 } }));
        Assert.Equal(value.Data.Length + value.Signature.Length, value.Size);
    }

    private static DhtValue Read(byte[] packed)
    {
        Assert.True(DhtValue.TryUnpack(packed, out DhtValue? value));
        return value!;
    }

    private static ReadOnlyMemory<byte> Changed(ReadOnlyMemory<byte> bytes)
    {
        byte[] changed = bytes.ToArray();
        changed[changed.Length / 2] ^= 1;
        return changed;
    }

    private static string TextOf(byte[] plain)
    {
        Assert.True(PackedText.TryUnpack(plain, out string text, out _));
        return text;
    }

    private static RSA IdentityKey(string name) => Pem(Vectors.Text($"keys/{name}.key"));

    private static byte[] SpkiOf(string pem)
    {
        using RSA rsa = Pem(Keys.GetProperty(pem).GetString()!);
        return rsa.ExportSubjectPublicKeyInfo();
    }

    private static RSA Pem(string pem)
    {
        RSA rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        return rsa;
    }

    private static byte[] SpkiWriter(byte[] modulus, byte[] exponent)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        System.Formats.Asn1.AsnWriter key = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteIntegerUnsigned(modulus);
            key.WriteIntegerUnsigned(exponent);
        }

        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.1");
                writer.WriteNull();
            }

            writer.WriteBitString(key.Encode());
        }

        return writer.Encode();
    }
}
