using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Silo.Access.Ended;

/// <summary>A certificate of this mesh that is proved but for its time.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="NotAfter">When it ended, or ends.</param>
internal sealed record EndedCertificate(SpiffeId Id, string Serial, DateTimeOffset NotAfter)
{
    /// <summary>What somebody does whose certificate does not count: the end of a sentence.</summary>
    public const string Advice = "use a join token, or the token of a pod";

    /// <summary>
    /// Judges what is presented as of the last second in which it was valid: its name, its chain to a root that is
    /// trusted today, what is revoked today, and that its key has signed the request. Never throws.
    /// </summary>
    /// <param name="shown">What is presented.</param>
    /// <param name="bundle">Whom to believe.</param>
    /// <param name="now">The time: one that has not ended is judged as of now.</param>
    /// <param name="certificate">The certificate.</param>
    /// <param name="fault">What is wrong, as a sentence for the caller.</param>
    public static bool TryVerify(
        Evidence.EndedCertificate shown,
        TrustBundle bundle,
        DateTimeOffset now,
        [NotNullWhen(true)] out EndedCertificate? certificate,
        [NotNullWhen(false)] out string? fault)
    {
        certificate = null;
        if (EndedCertificateProof.ReadChain(shown.ChainPem) is not { } chain)
        {
            fault = "The chain of the certificate that has ended cannot be read.";
            return false;
        }

        try
        {
            fault = FindFault(chain, shown, bundle, now, out var id);
            if (fault is not null) return false;
            certificate = new EndedCertificate(id!, chain[0].SerialNumber, EndOf(chain[0]));
            return true;
        }
        finally
        {
            foreach (var one in chain) one.Dispose();
        }
    }

    private static string? FindFault(
        X509Certificate2Collection chain,
        Evidence.EndedCertificate shown,
        TrustBundle bundle,
        DateTimeOffset now,
        out SpiffeId? id)
    {
        id = null;
        var leaf = chain[0];
        var lastly = EndOf(leaf) - TimeSpan.FromSeconds(1); // at its very end it is over
        using var roots = new Roots(bundle);
        using var between = new X509Chain();
        between.ChainPolicy.ExtraStore.AddRange(new X509Certificate2Collection(chain.Skip(1).ToArray()));
        if (!PeerSvid.TryVerify(
            leaf,
            between,
            domain => domain == bundle.TrustDomain.Name ? roots.All : null,
            RevokedCertificates.Of(bundle),
            lastly < now ? lastly : now,
            out var proof,
            out var problem))
        {
            return $"The certificate that has ended is not believed: {Lower(problem)} Therefore {Advice}.";
        }

        id = proof.Id;
        return EndedCertificateProof.IsSigned(leaf, shown.Csr.AsSpan(), shown.Signature.AsSpan())
            ? null
            : "The signature is not one of the CSR by the key of the certificate that has ended.";
    }

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    private static DateTimeOffset EndOf(X509Certificate2 leaf) => new(leaf.NotAfter.ToUniversalTime());

    private sealed class Roots : IDisposable
    {
        public Roots(TrustBundle bundle)
        {
            foreach (var pem in bundle.RootsPem) All.ImportFromPem(pem);
        }

        public X509Certificate2Collection All { get; } = [];

        public void Dispose()
        {
            foreach (var root in All) root.Dispose();
        }
    }
}
