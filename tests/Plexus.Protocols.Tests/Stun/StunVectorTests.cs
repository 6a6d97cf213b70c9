using System.Net;
using System.Text;
using Plexus.Protocols.Stun;

namespace Plexus.Protocols.Tests.Stun;

public sealed class StunVectorTests
{
    private const string Rfc5769Request =
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008"
        + "932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
        + "80280004e57a3bcf";

    private const string Rfc5769ResponseV4 =
        "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
        + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";

    private const string Rfc5769ResponseV6 =
        "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a147"
        + "0113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";

    private const string Rfc5769LongTerm =
        "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c"
        + "662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700"
        + "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666";

    private static readonly byte[] ShortTermKey = "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();

    public static TheoryData<string> Rfc5769 => [Rfc5769Request, Rfc5769ResponseV4, Rfc5769ResponseV6];

    [Theory]
    [MemberData(nameof(Rfc5769))]
    public void The_vectors_of_RFC_5769_prove_their_fingerprint_and_password(string hex)
    {
        Assert.True(StunMessage.TryRead(Convert.FromHexString(hex), out StunMessage message));
        Assert.True(message.TryFind(StunAttributeType.Fingerprint, out _));
        Assert.True(StunIntegrity.Verify(message, ShortTermKey));
        Assert.False(StunIntegrity.Verify(message, "another"u8));
    }

    [Fact]
    public void The_request_of_RFC_5769_section_2_1_is_read()
    {
        Assert.True(StunMessage.TryRead(Convert.FromHexString(Rfc5769Request), out StunMessage message));
        Assert.Equal(StunMessageType.BindingRequest, message.Type);
        Assert.False(message.TransactionId.IsClassic);
        Assert.True(message.TryFind(StunAttributeType.Software, out ReadOnlySpan<byte> software));
        Assert.Equal("STUN test client", Encoding.UTF8.GetString(software));
        Assert.True(message.TryFind(StunAttributeType.Username, out ReadOnlySpan<byte> user));
        Assert.Equal("evtj:h6vY", Encoding.UTF8.GetString(user)); // Nine bytes: the padding is none of it.
    }

    [Theory]
    [InlineData(Rfc5769ResponseV4, "192.0.2.1:32853")] // Section 2.2
    [InlineData(Rfc5769ResponseV6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")] // Section 2.3
    public void The_responses_of_RFC_5769_tell_the_mapped_address(string hex, string mapped)
    {
        Assert.True(BindingAnswer.TryRead(Convert.FromHexString(hex), out BindingAnswer? answer));
        Assert.Equal(IPEndPoint.Parse(mapped), answer!.Mapped);
    }

    [Fact]
    public void The_long_term_request_of_RFC_5769_section_2_4_proves_its_password()
    {
        Assert.True(StunMessage.TryRead(Convert.FromHexString(Rfc5769LongTerm), out StunMessage message));
        // The MD5 of "マトリックス:example.org:TheMatrIX", which is user, realm and the password after SASLprep.
        byte[] key = Convert.FromHexString("e8ca7ad59d5eb0518e312911d2dab2a9");
        Assert.True(StunIntegrity.Verify(message, key));
    }

    [Fact]
    public void What_is_written_reads_back_with_a_fingerprint()
    {
        StunTransactionId id = StunTransactionId.New(new Random(1).NextBytes);
        IPEndPoint mapped = IPEndPoint.Parse("[2001:db8::7]:65535");
        byte[] buffer = new byte[200];
        StunWriter writer = new(buffer, StunMessageType.BindingSuccess, id);
        writer.AddText(StunAttributeType.Software, "abcde");
        writer.AddXoredAddress(StunAttributeType.XorMappedAddress, mapped);
        writer.AddFingerprint();
        Assert.True(BindingAnswer.TryRead(buffer.AsSpan(0, writer.Length), out BindingAnswer? answer));
        Assert.Equal((id, mapped), (answer!.TransactionId, answer.Mapped));
        buffer[30] ^= 1;
        Assert.False(BindingAnswer.TryRead(buffer.AsSpan(0, writer.Length), out _));
    }

    [Fact]
    public void An_old_server_is_read_by_its_mask_of_the_drafts()
    {
        StunTransactionId id = new(UInt128.MaxValue / 3); // No cookie: the mask is the id itself.
        IPEndPoint mapped = IPEndPoint.Parse("203.0.113.9:4000");
        byte[] buffer = new byte[100];
        StunWriter writer = new(buffer, StunMessageType.BindingSuccess, id);
        writer.AddAddress(StunAttributeType.MappedAddress, IPEndPoint.Parse("10.9.9.9:1")); // What a meddling NAT left.
        writer.AddXoredAddress(StunAttributeType.OldXorMappedAddress, mapped);
        writer.AddAddress(StunAttributeType.ChangedAddress, IPEndPoint.Parse("203.0.113.8:3479"));
        Assert.True(BindingAnswer.TryRead(buffer.AsSpan(0, writer.Length), out BindingAnswer? answer));
        Assert.Equal(mapped, answer!.Mapped);
        Assert.Equal(IPEndPoint.Parse("203.0.113.8:3479"), answer.Other);
    }

    [Fact]
    public void The_text_of_an_error_is_fit_for_a_terminal()
    {
        byte[] buffer = new byte[400];
        StunWriter writer = new(buffer, StunMessageType.BindingError, default);
        writer.AddErrorCode(438, "Stale\u001b[31m Nonce\r\n" + new string('x', 200));
        Assert.True(BindingAnswer.TryRead(buffer.AsSpan(0, writer.Length), out BindingAnswer? answer));
        Assert.Equal(438, answer!.ErrorCode);
        Assert.StartsWith("Stale[31m Nonce", answer.Reason, StringComparison.Ordinal);
        Assert.True(answer.Reason.Length <= 128);
    }

    [Fact]
    public void Broken_messages_are_refused_and_never_throw()
    {
        byte[][] messages =
        [
            .. Rfc5769.Select(row => Convert.FromHexString(row.Data)),
            .. StunCapture.All.SelectMany(c => c.Messages).Select(m => m.Bytes),
        ];
        foreach (byte[] message in messages)
        {
            for (int length = 0; length < message.Length; length++)
            {
                Assert.False(StunMessage.TryRead(message.AsSpan(0, length), out _));
            }

            for (int i = 0; i < message.Length; i++)
            {
                foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFF, (byte)(message[i] ^ 1)])
                {
                    byte[] changed = [.. message];
                    changed[i] = value;
                    BindingAnswer.TryRead(changed, out _);
                    if (StunMessage.TryRead(changed, out StunMessage read)) StunIntegrity.Verify(read, ShortTermKey);
                }
            }
        }
    }
}
