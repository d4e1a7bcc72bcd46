using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Status;

namespace MeshOrleans.Silo.Api;

/// <summary>How long the mesh's certificates are good for, for Prometheus; the same on every process.</summary>
internal static class CertificateMetrics
{
    public static string Of(MeshSnapshot mesh, AuthorityBundle? authority, DateTimeOffset now)
    {
        var text = new PrometheusText();
        var identities = mesh.Identities.Values
            .OrderBy(i => i.SpiffeId, StringComparer.Ordinal).ThenBy(i => i.NodeId, StringComparer.Ordinal)
            .ToList();
        text.Head("mesh_certificate_expiry_seconds", "gauge", "How long each certificate in use is still good for.");
        foreach (var identity in identities)
        {
            text.Line(
                $"mesh_certificate_expiry_seconds{{spiffe_id=\"{PrometheusText.Label(identity.SpiffeId)}\",node=\"{PrometheusText.Label(identity.NodeId)}\"}}",
                (identity.NotAfter - now).TotalSeconds);
        }

        text.Head("mesh_certificates_late", "gauge", "Certificates of which less than a quarter of their life is left.");
        text.Line("mesh_certificates_late", identities.Count(i => CertificateAlarms.Of(i, now) is not CertificateAlarm.None));
        if (authority is not null) Write(text, authority, now);
        if (mesh.LocalBundle is not { RootsPem: [_, ..] roots }) return text.ToString();
        text.Head("mesh_root_expiry_seconds", "gauge", "How long the first of the mesh's roots to end is still good for.");
        text.Line("mesh_root_expiry_seconds", roots.Min(root => LeftOf(root, now)));
        Write(text, mesh.LocalBundle, now);
        text.Head("mesh_roots", "gauge", "Roots in the mesh's bundle: more than one while another follows.");
        text.Line("mesh_roots", roots.Length);
        return text.ToString();
    }

    private static void Write(PrometheusText text, AuthorityBundle authority, DateTimeOffset now)
    {
        text.Head(
            "mesh_authority_warnings", "gauge", "What an operator should do something about; GET /v1/ca says what it is.");
        text.Line("mesh_authority_warnings", authority.Warnings);
        if (authority.SignerPem is not { } signer) return;
        text.Head(
            "mesh_signing_certificate_expiry_seconds", "gauge", "How long the certificate that signs is still good for.");
        text.Line("mesh_signing_certificate_expiry_seconds", LeftOf(signer, now));
    }

    private static void Write(PrometheusText text, TrustBundle bundle, DateTimeOffset now)
    {
        text.Head("mesh_revoked_certificates", "gauge", "Certificates that proxies are told to believe no longer.");
        var revoked = RevokedCertificates.Of(bundle);
        text.Line("mesh_revoked_certificates", revoked.Count);
        if (revoked.RenewedBy is not { } renewal) return;
        text.Head(
            "mesh_revocation_list_expiry_seconds",
            "gauge",
            "How long until the first list of revoked certificates is out of date.");
        text.Line("mesh_revocation_list_expiry_seconds", (renewal - now).TotalSeconds);
    }

    private static double LeftOf(string pem, DateTimeOffset now)
    {
        using var root = X509Certificate2.CreateFromPem(pem);
        return (root.NotAfter.ToUniversalTime() - now.UtcDateTime).TotalSeconds;
    }
}
