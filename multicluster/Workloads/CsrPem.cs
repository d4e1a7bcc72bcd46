using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>A certificate request as the REST API takes it: exactly one PEM block.</summary>
public static class CsrPem
{
    private const int MaxLength = 32 * 1024;

    /// <summary>Reads the DER out of the text; false when it is anything but one certificate request.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out byte[]? der)
    {
        der = null;
        if (text.Length > MaxLength || !PemEncoding.TryFind(text, out var block)) return false;
        if (text[block.Label] is not ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST")) return false;
        if (!text.AsSpan(block.Location.End.Value).Trim().IsEmpty) return false;
        var bytes = new byte[block.DecodedDataLength];
        if (!Convert.TryFromBase64Chars(text[block.Base64Data], bytes, out var written) || written != bytes.Length)
        {
            return false;
        }

        der = bytes;
        return true;
    }
}
