using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>
/// A certificate that has ended as callers write it, over REST (<c>ended</c>) and gRPC (metadata) alike.
/// </summary>
public static class EndedEvidence
{
    /// <summary>Reads without throwing; nothing is verified.</summary>
    /// <param name="chain">The certificate and what leads from there to the root, PEM.</param>
    /// <param name="csr">The request for the next one, DER.</param>
    /// <param name="signature">Base64.</param>
    /// <param name="evidence">What is presented.</param>
    /// <param name="fault">Which of the two is wrong, and what it must be.</param>
    public static bool TryRead(
        string chain,
        ImmutableArray<byte> csr,
        string signature,
        [NotNullWhen(true)] out Evidence.EndedCertificate? evidence,
        out (string Field, string Message) fault)
    {
        evidence = null;
        if (EndedCertificateProof.ReadChain(chain) is not { } read)
        {
            fault = ("chain", "must be PEM blocks CERTIFICATE, at most 10 and 64 KiB, the one that has ended first");
            return false;
        }

        foreach (var certificate in read) certificate.Dispose();
        var bytes = new byte[EndedCertificateProof.MaxSignature];
        if (!Convert.TryFromBase64String(signature, bytes, out var length) || length == 0)
        {
            fault = ("signature", $"must be base64 of 1 to {EndedCertificateProof.MaxSignature} bytes");
            return false;
        }

        fault = ("", "");
        evidence = new Evidence.EndedCertificate(chain, csr, [.. bytes.AsSpan(0, length)]);
        return true;
    }
}
