using System.Formats.Asn1;
using System.Security.Cryptography;
using Plexus.Protocols.Introductions;

namespace Plexus.Rendezvous.Email;

/// <summary>The introduction's extension as a signed attribute of a letter, where an original does not look and nobody can take it away.</summary>
/// <remarks>docs/protocols/introduction.md: one value, an OCTET STRING with the map.</remarks>
internal static class LetterExtension
{
    /// <summary>The attribute with an extension.</summary>
    public static CryptographicAttributeObject Attribute(byte[] extension)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteOctetString(extension);
        Oid name = new(IntroductionExtension.SignedAttribute);
        return new CryptographicAttributeObject(name, new AsnEncodedDataCollection(new AsnEncodedData(name, writer.Encode())));
    }

    /// <summary>Finds the extension among signed attributes.</summary>
    /// <param name="attributes">Those of the signer.</param>
    /// <param name="extension">The map; empty where there is none.</param>
    /// <returns>False when the attribute is there, but is not one octet string: that is never read as an original's letter.</returns>
    public static bool TryFind(CryptographicAttributeObjectCollection attributes, out byte[] extension)
    {
        extension = [];
        AsnEncodedData[] values =
        [
            .. attributes.Cast<CryptographicAttributeObject>().Where(static attribute => attribute.Oid.Value == IntroductionExtension.SignedAttribute)
                .SelectMany(static attribute => attribute.Values.Cast<AsnEncodedData>()),
        ];
        if (values.Length == 0) return true;
        if (values.Length > 1) return false;
        try
        {
            AsnReader reader = new(values[0].RawData, AsnEncodingRules.DER);
            extension = reader.ReadOctetString();
            return !reader.HasData && extension.Length > 0 && IntroductionExtension.Read(extension, out _) != ExtensionReading.Absent;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
