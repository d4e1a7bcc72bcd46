using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>The serial number of a certificate as text: upper-case hex of whole bytes, without leading zero bytes.</summary>
/// <remarks>Source: RFC 5280 section 4.1.2.2: positive, at most 20 bytes.</remarks>
public static class SerialNumber
{
    private const int MaxBytes = 20;

    /// <summary>That of a certificate.</summary>
    public static string Of(X509Certificate2 certificate) => Of(certificate.SerialNumberBytes.Span);

    /// <summary>That of a number, big-endian.</summary>
    public static string Of(ReadOnlySpan<byte> number)
    {
        while (number is [0, _, ..]) number = number[1..];
        return Convert.ToHexString(number);
    }

    /// <summary>Reads one as people write it: hex, with or without colons, as <c>openssl x509 -serial</c> prints it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? serial)
    {
        serial = null;
        var hex = text.Replace(":", "", StringComparison.Ordinal).Trim();
        if (hex.Length is 0 or > 2 * (MaxBytes + 1) || !hex.All(char.IsAsciiHexDigit)) return false;
        var number = Of(Convert.FromHexString(hex.Length % 2 == 0 ? hex : "0" + hex));
        if (number.Length > 2 * MaxBytes || number == "00") return false;
        serial = number;
        return true;
    }

    /// <summary>The content of a DER integer.</summary>
    public static byte[] ToDer(string serial)
    {
        var number = Convert.FromHexString(serial);
        return number is [>= 0x80, ..] ? [0, .. number] : number;
    }
}
