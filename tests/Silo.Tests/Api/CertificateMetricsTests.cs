using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Silo.Api;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class CertificateMetricsTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_certificate_and_the_first_root_to_end_is_told()
    {
        var mesh = Tell(
            Tell(MeshSnapshot.Empty, "identity/spiffe://cluster.local/ns/a/sa/b|n\"1", Record("n\"1", hours: 12)),
            "identity/spiffe://cluster.local/ns/a/sa/b|n2",
            Record("n2", hours: 5));
        var bundle = new TrustBundle(TrustDomain.Parse("cluster.local"), [Root(100), Root(50)], 1, IsLocal: true);
        mesh = mesh.Put("trust/cluster.local", SnapshotPayload.Write(bundle));

        var authority = new AuthorityBundle("cluster.local", [], 1, Root(50), Root(10), Warnings: 1);

        var text = CertificateMetrics.Of(mesh, authority, _now);

        Assert.Contains(
            "mesh_certificate_expiry_seconds{spiffe_id=\"spiffe://cluster.local/ns/a/sa/b\",node=\"n\\\"1\"} 43200\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_certificates_late 1\n", text, StringComparison.Ordinal); // five hours of a day
        Assert.Contains("mesh_root_expiry_seconds 4320000\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_signing_certificate_expiry_seconds 864000\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_authority_warnings 1\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_roots 2\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_revoked_certificates 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("mesh_revocation_list_expiry_seconds", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_revoked_and_how_long_the_lists_are_good_for_is_told()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(_now.AddDays(-1), _now.AddDays(100));
        string[] lists =
        [
            TestRevocations.Pem(issuer, key, _now, _now.AddDays(50), (issuer, null)),
            TestRevocations.Pem(issuer, key, _now, _now.AddDays(10)),
        ];
        var bundle = new TrustBundle(TrustDomain.Parse("cluster.local"), [issuer.ExportCertificatePem()], 1, IsLocal: true)
        {
            CrlsPem = [.. lists],
        };

        var text = CertificateMetrics.Of(
            MeshSnapshot.Empty.Put("trust/cluster.local", SnapshotPayload.Write(bundle)), authority: null, _now);

        Assert.Contains("mesh_revoked_certificates 1\n", text, StringComparison.Ordinal);
        Assert.Contains("mesh_revocation_list_expiry_seconds 864000\n", text, StringComparison.Ordinal);
    }

    private static MeshSnapshot Tell(MeshSnapshot mesh, string key, IdentityRecord record) =>
        mesh.Put(key, SnapshotPayload.Write(record));

    private static IdentityRecord Record(string node, double hours) => new(
        "spiffe://cluster.local/ns/a/sa/b", node, "01", "CN=x", _now.AddHours(hours - 24), _now.AddHours(hours), _now, 0);

    private static string Root(int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(_now.AddDays(-1), _now.AddDays(days));
        return root.ExportCertificatePem();
    }
}
