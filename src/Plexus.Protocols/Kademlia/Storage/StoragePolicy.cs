using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Protocols.MessagePack;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Which values this node stores for others, for how long, and who may replace one. docs/protocols/opendht-node.md, "Serving".</summary>
internal sealed class StoragePolicy(SignatureChecks signatures)
{
    // The longest PEM chain that is parsed for a certificate value; real ones are below 8 kB.
    private const int MaxCertificateLength = 16_384;

    private const ushort LinuxInterNetwork = 2;
    private const ushort LinuxInterNetworkV6 = 10;
    private const int SocketAddressLength = 16;
    private const int SocketAddressV6Length = 28;
    private const int PortOffset = 2;

    /// <summary>The life of a value of a type, from its creation.</summary>
    public static TimeSpan Lifetime(ushort type) => type switch
    {
        DhtValueType.Message or DhtValueType.InstantMessage => TimeSpan.FromMinutes(5),
        DhtValueType.IpServiceAnnouncement => TimeSpan.FromMinutes(15),
        DhtValueType.TrustRequest or DhtValueType.Certificate => TimeSpan.FromDays(7),
        DhtValueType.IceCandidates => TimeSpan.FromMinutes(1),
        _ => TimeSpan.FromMinutes(10),
    };

    /// <summary>Judges a value whose id is free under its key.</summary>
    /// <returns>The value to store, which is not the given one for addresses; null to refuse.</returns>
    public DhtValue? Accept(InfoHash key, DhtValue value, IPEndPoint putter, Instant now) => value.Type switch
    {
        DhtValueType.IpServiceAnnouncement => WithAddressOf(value, putter),
        DhtValueType.Certificate => CertifiedKey(value) is { } info && IsNamedBy(key, info) ? value : null,
        _ when IsCommon(value.Type) && value.IsSigned => signatures.IsValid(value, putter.Address, now) ? value : null,
        DhtValueType.Message when !NamesService(value) => null,
        _ => value.Size <= DhtValue.MaxSize ? value : null,
    };

    /// <summary>Judges a value that would replace a different one with the same id.</summary>
    public bool MayReplace(DhtValue stored, DhtValue offered, IPEndPoint putter, Instant now)
    {
        if (stored.Type == DhtValueType.Certificate)
            return CertifiedKey(stored) is { } old && CertifiedKey(offered) is { } info && old.AsSpan().SequenceEqual(info);
        return IsCommon(stored.Type)
            && stored.IsSigned
            && offered.IsSigned // Before the owners are compared: no signature is no owner.
            && stored.Owner.Span.SequenceEqual(offered.Owner.Span)
            && offered.Sequence > stored.Sequence // With an equal number the signed content would be equal, and so the values.
            && signatures.IsValid(offered, putter.Address, now);
    }

    private static bool IsCommon(ushort type) => type is DhtValueType.UserData or DhtValueType.Message
        or DhtValueType.InstantMessage or DhtValueType.TrustRequest or DhtValueType.IceCandidates;

    private static bool NamesService(DhtValue value)
    {
        MessagePackReader reader = new(value.Data.Span);
        return value.IsEncrypted // Nobody but the recipient can tell.
            || (reader.TryReadArray(out int count) && count > 0 && reader.TryReadBytes(out ReadOnlySpan<byte> service) && !service.IsEmpty);
    }

    /// <summary>A service announcement tells a port; the address is the one we see, so that nobody announces others.</summary>
    private static DhtValue? WithAddressOf(DhtValue value, IPEndPoint putter)
    {
        if (!new MessagePackReader(value.Data.Span).TryReadBinary(out ReadOnlySpan<byte> announced)
            || announced.Length is not (SocketAddressLength or SocketAddressV6Length))
        {
            return null;
        }

        ushort port = BinaryPrimitives.ReadUInt16BigEndian(announced[PortOffset..]);
        if (port == 0) return null;
        byte[] address = putter.Address.GetAddressBytes();
        byte[] socketAddress = new byte[address.Length == 4 ? SocketAddressLength : SocketAddressV6Length];
        BinaryPrimitives.WriteUInt16LittleEndian(socketAddress, address.Length == 4 ? LinuxInterNetwork : LinuxInterNetworkV6);
        BinaryPrimitives.WriteUInt16BigEndian(socketAddress.AsSpan(PortOffset), port);
        address.CopyTo(socketAddress, address.Length == 4 ? 4 : 8); // sin6_flowinfo lies between.
        MessagePackWriter writer = new();
        writer.Binary(socketAddress);
        return value with { Data = writer.ToArray() };
    }

    private static bool IsNamedBy(InfoHash key, ReadOnlySpan<byte> info) =>
        key == InfoHash.Of(info) || key == InfoHash.Of(SHA256.HashData(info));

    /// <summary>The public key (DER SubjectPublicKeyInfo) of the certificate in a value; null if there is none.</summary>
    private static byte[]? CertifiedKey(DhtValue value)
    {
        if (!new MessagePackReader(value.Data.Span).TryReadBytes(out ReadOnlySpan<byte> chain) || chain.Length > MaxCertificateLength) return null;
        string text = Encoding.ASCII.GetString(chain);
        if (!PemEncoding.TryFind(text, out PemFields fields) || text.AsSpan()[fields.Label] is not "CERTIFICATE") return null;
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text[fields.Base64Data]));
            return certificate.PublicKey.ExportSubjectPublicKeyInfo();
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null; // Not a certificate after all.
        }
    }
}
