using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Tries an authority that somebody else has made before anything depends on it: it signs certificates as it will have to,
/// and they are judged as every peer judges them.
/// </summary>
/// <remarks>Source: RFC 5280 sections 4.2.1.9 and 4.2.1.10, and what <see cref="AuthorityRules"/> says.</remarks>
internal static class AuthorityTrial
{
    /// <summary>What is wrong with it and what to do, as a sentence; null when nothing is.</summary>
    /// <param name="material">The authority.</param>
    /// <param name="mesh">The mesh that it is for.</param>
    /// <param name="options">How long certificates are to live.</param>
    /// <param name="now">The time.</param>
    public static string? FindFault(
        AuthorityMaterial material, MeshOptions mesh, AuthorityOptions options, DateTimeOffset now)
    {
        using var root = X509Certificate2.CreateFromPem(material.RootCertificate);
        using var signer = X509Certificate2.CreateFromPem(material.SigningCertificate);
        var between = new X509Certificate2Collection();
        if (material.Intermediates.Length > 0) between.ImportFromPem(material.Intermediates);
        try
        {
            foreach (X509Certificate2 one in (X509Certificate2[])[signer, .. between, root])
            {
                if (AuthorityRules.FindFault(one) is { } fault) return fault;
            }

            return FindSigningFault(material, root, mesh, options, now);
        }
        catch (CryptographicException exception)
        {
            return $"It cannot sign: {exception.Message}";
        }
        finally
        {
            foreach (var one in between) one.Dispose();
        }
    }

    /// <summary>Why its life is too short to begin with it; null when it is not.</summary>
    public static string? FindLifeFault(AuthorityMaterial material, AuthorityOptions options, DateTimeOffset now)
    {
        var end = AuthorityCertificates.EndOf(material);
        return end - now >= options.DefaultLifetime
            ? null
            : $"Its signing certificate, or what is above it, ends at {end:u}, before the lifetime of one "
                + $"certificate ({options.DefaultLifetime}) is over: have one issued that lives longer.";
    }

    private static string? FindSigningFault(
        AuthorityMaterial material, X509Certificate2 root, MeshOptions mesh, AuthorityOptions options, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=trial", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        using var authority = new SigningAuthority(material, mesh, options);
        var domain = TrustDomain.Parse(mesh.TrustDomain);
        var member = SpiffeId.ForWorkload(domain, "default", "default").ToString();
        var own = SpiffeId.ForWorkload(domain, mesh.RootNamespace, "mesh-control-plane").ToString();
        return FindFault(authority, new SignRequest(member, [.. csr], null, []), root, mesh, now)
            ?? FindFault(
                authority, new SignRequest(own, [.. csr], null, ["localhost", "127.0.0.1"]), root, mesh, now);
    }

    private static string? FindFault(
        SigningAuthority authority, SignRequest request, X509Certificate2 root, MeshOptions mesh, DateTimeOffset now)
    {
        switch (authority.Sign(request, now))
        {
            case SignResult.Refused(var reason):
                return $"A certificate that it has signed for {request.SpiffeId} on trial is not good: "
                    + $"{reason} {AdviceFor(reason, mesh)}";
            case SignResult.Signed signed:
                var problem = FindPeerFault(signed, root, now);
                return problem is null
                    ? null
                    : $"Peers refuse what it has signed for {request.SpiffeId} on trial: {problem} {AdviceFor(problem, mesh)}";
            default:
                return null;
        }
    }

    private static string? FindPeerFault(SignResult.Signed signed, X509Certificate2 root, DateTimeOffset now)
    {
        var chain = signed.ChainPem.Select(pem => X509Certificate2.CreateFromPem(pem)).ToArray();
        try
        {
            using var presented = new X509Chain();
            presented.ChainPolicy.ExtraStore.AddRange(chain[1..]);
            PeerSvid.TryVerify(chain[0], presented, _ => [root], now, out _, out var problem);
            return problem;
        }
        finally
        {
            foreach (var one in chain) one.Dispose();
        }
    }

    private static string AdviceFor(string reason, MeshOptions mesh) => reason switch
    {
        _ when reason.Contains(nameof(X509ChainStatusFlags.InvalidBasicConstraints), StringComparison.Ordinal) =>
            "The path length of a certificate above it allows no more authorities below: have ca-cert.pem issued nearer to the "
            + "root, or the one above with a greater path length.",
        _ when reason.Contains("NameConstraint", StringComparison.Ordinal) =>
            $"The name constraints do not permit it: have it issued with ones that permit URI names of host "
            + $"'{mesh.TrustDomain}', and the control plane's DNS names and addresses.",
        _ when reason.Contains(nameof(X509ChainStatusFlags.NotTimeValid), StringComparison.Ordinal)
            || reason.Contains("valid from", StringComparison.Ordinal) =>
            "Something in the chain has ended or has not begun: check it, and this machine's clock.",
        _ => "Check that cert-chain.pem leads from ca-cert.pem to root-cert.pem.",
    };
}
