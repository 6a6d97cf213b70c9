using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Plexus.Protocols.Stun;

/// <summary>Answers Binding requests: RFC 8489, the behaviour tests of RFC 5780, and the clients of RFC 3489.</summary>
/// <remarks>
/// <para>It answers requests only, so two servers never talk to each other for ever; a request it cannot serve gets
/// error 420, whatever else is wrong gets nothing.</para>
/// <para>Left out: PADDING, which would make answers larger than requests; RESPONSE-ADDRESS of RFC 3489, which
/// would send them to third parties; passwords. All of them are refused with error 420, or ignored where the
/// RFC lets a server without passwords ignore them.</para>
/// </remarks>
/// <param name="sockets">The endpoints it answers from.</param>
/// <param name="limit">The allowance of each source; null for none.</param>
internal sealed class StunServer(StunServerSockets sockets, RequestRateLimit? limit = null)
{
    /// <summary>Room for the largest answer: three IPv6 addresses and a fingerprint make 100 bytes.</summary>
    public const int LargestAnswer = 128;

    private const int UnknownAttribute = 420; // RFC 8489 section 14.8
    private const int MaxUnknownListed = 8; // The client learns nothing from a longer list.

    /// <summary>The endpoints it answers from.</summary>
    public StunServerSockets Sockets { get; } = sockets;

    /// <summary>Requests that were answered.</summary>
    public long Answered { get; private set; }

    /// <summary>Datagrams that got no answer: no request, or above the limit.</summary>
    public long Dropped { get; private set; }

    /// <summary>Answers one datagram, or one message of a stream.</summary>
    /// <param name="datagram">What came.</param>
    /// <param name="source">From whom.</param>
    /// <param name="socket">The number of the socket it came to.</param>
    /// <param name="overStream">Whether it came over TCP, where an answer can only go back.</param>
    /// <param name="now">The time, for the limit.</param>
    /// <param name="buffer">Takes the answer, at least <see cref="LargestAnswer"/> bytes.</param>
    /// <param name="answer">Where the answer goes.</param>
    /// <returns>False when there is no answer.</returns>
    public bool TryAnswer(
        ReadOnlySpan<byte> datagram,
        IPEndPoint source,
        int socket,
        bool overStream,
        Instant now,
        Span<byte> buffer,
        out StunServerAnswer answer)
    {
        answer = default;
        if (!StunMessage.TryRead(datagram, out StunMessage message)
            || message.Type != StunMessageType.BindingRequest
            || source.Port == 0
            || limit?.TryAdmit(source.Address, now) == false)
        {
            Dropped++;
            return false;
        }

        Answered++;
        Wishes wishes = Read(message);
        int? from = overStream && wishes.Change != StunChange.None ? null : Sockets.Changed(socket, wishes.Change);
        if (from is null) wishes.Refuse(StunAttributeType.ChangeRequest);
        if (overStream && wishes.ResponsePort is not null) wishes.Refuse(StunAttributeType.ResponsePort);
        if (wishes.Unknown is not null)
        {
            answer = new(WriteRefusal(buffer, message.TransactionId, wishes), source, socket);
            return true;
        }

        int length = message.TransactionId.IsClassic
            ? WriteClassic(buffer, message.TransactionId, source, socket, from!.Value)
            : WriteSuccess(buffer, message.TransactionId, source, socket, from!.Value, wishes.HasFingerprint);
        answer = new(length, new IPEndPoint(source.Address, wishes.ResponsePort ?? source.Port), from.Value);
        return true;
    }

    private static Wishes Read(StunMessage message)
    {
        Wishes wishes = default;
        StunAttributes attributes = message.Attributes;
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case StunAttributeType.ChangeRequest when attributes.Value.Length == sizeof(uint):
                    wishes.Change = (StunChange)BinaryPrimitives.ReadUInt32BigEndian(attributes.Value)
                        & (StunChange.Address | StunChange.Port);
                    break;
                case StunAttributeType.ResponsePort when attributes.Value.Length == sizeof(uint)
                    && BinaryPrimitives.ReadUInt16BigEndian(attributes.Value) is > 0 and ushort port:
                    wishes.ResponsePort = port;
                    break;
                case StunAttributeType.Fingerprint:
                    wishes.HasFingerprint = true;
                    break;
                case StunAttributeType.Username or StunAttributeType.MessageIntegrity or StunAttributeType.Realm
                    or StunAttributeType.Nonce or StunAttributeType.MessageIntegritySha256
                    or StunAttributeType.PasswordAlgorithm or StunAttributeType.UserHash:
                    break; // We ask for no password, so what proves one may be ignored.
                case < StunAttributeType.FirstOptional:
                    wishes.Refuse(attributes.Type);
                    break;
            }
        }

        return wishes;
    }

    private int WriteSuccess(
        Span<byte> buffer, StunTransactionId id, IPEndPoint source, int socket, int from, bool fingerprint)
    {
        StunWriter writer = new(buffer, StunMessageType.BindingSuccess, id);
        writer.AddXoredAddress(StunAttributeType.XorMappedAddress, source);
        writer.AddAddress(StunAttributeType.ResponseOrigin, Sockets[from]);
        // Without a second address it must not be there, RFC 5780 section 7.4.
        if (Sockets.HasTwoAddresses) writer.AddAddress(StunAttributeType.OtherAddress, Sockets[Sockets.Other(socket)]);
        if (fingerprint) writer.AddFingerprint();
        return writer.Length;
    }

    // RFC 3489 section 11.2 wants all three, so a server with one socket names itself twice.
    private int WriteClassic(Span<byte> buffer, StunTransactionId id, IPEndPoint source, int socket, int from)
    {
        StunWriter writer = new(buffer, StunMessageType.BindingSuccess, id);
        writer.AddAddress(StunAttributeType.MappedAddress, source);
        writer.AddAddress(StunAttributeType.SourceAddress, Sockets[from]);
        writer.AddAddress(StunAttributeType.ChangedAddress, Sockets[Sockets.Other(socket)]);
        return writer.Length;
    }

    private static int WriteRefusal(Span<byte> buffer, StunTransactionId id, in Wishes wishes)
    {
        StunWriter writer = new(buffer, StunMessageType.BindingError, id);
        writer.AddErrorCode(UnknownAttribute, "Unknown Attribute");
        writer.AddUnknownAttributes(CollectionsMarshal.AsSpan(wishes.Unknown));
        if (wishes.HasFingerprint) writer.AddFingerprint();
        return writer.Length;
    }

    private struct Wishes
    {
        public StunChange Change;
        public int? ResponsePort;
        public bool HasFingerprint;

        public List<ushort>? Unknown { get; private set; }

        public void Refuse(ushort type)
        {
            Unknown ??= [];
            if (Unknown.Count < MaxUnknownListed) Unknown.Add(type);
        }
    }
}
