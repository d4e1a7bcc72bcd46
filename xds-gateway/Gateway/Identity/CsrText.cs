using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>Reads the text of a certificate request: exactly one PEM block whose signature proves its key.</summary>
internal static class CsrText
{
    private const int MaxText = 24 * 1024;
    private const string Label = "CERTIFICATE REQUEST";

    /// <summary>Never throws: the text comes from a peer that may not even be authenticated.</summary>
    public static bool TryRead(string text, out ImmutableArray<byte> der, [NotNullWhen(false)] out string? problem)
    {
        der = [];
        problem = Check(text, ref der);
        return problem is null;
    }

    private static string? Check(string text, ref ImmutableArray<byte> der)
    {
        if (text.Length is 0 or > MaxText) return $"The CSR must be PEM of at most {MaxText} characters.";
        if (!PemEncoding.TryFind(text, out var fields) || !text.AsSpan()[fields.Label].SequenceEqual(Label))
        {
            return $"The CSR must be one PEM block labelled {Label}.";
        }

        if (PemEncoding.TryFind(text.AsSpan()[fields.Location.End..], out _))
        {
            return "The CSR must be one PEM block, not several.";
        }

        try
        {
            var bytes = Convert.FromBase64String(text[fields.Base64Data]);
            _ = CertificateRequest.LoadSigningRequest(bytes, HashAlgorithmName.SHA256);
            der = [.. bytes];
            return null;
        }
        catch (Exception exception)
            when (exception is CryptographicException or FormatException or NotSupportedException or ArgumentException)
        {
            return "The CSR cannot be read, or its signature does not fit its key.";
        }
    }
}
