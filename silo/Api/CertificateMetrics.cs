using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Secrets;

namespace MeshOrleans.Silo.Api;

/// <summary>How long the mesh's certificates are good for, for Prometheus; the same on every process.</summary>
internal static class CertificateMetrics
{
    public static string Of(MeshSnapshot mesh, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var identities = mesh.Identities.Values
            .OrderBy(i => i.SpiffeId, StringComparer.Ordinal).ThenBy(i => i.NodeId, StringComparer.Ordinal)
            .ToList();
        Head(text, "mesh_certificate_expiry_seconds", "How long each certificate in use is still good for.");
        foreach (var identity in identities)
        {
            Line(
                text,
                $"mesh_certificate_expiry_seconds{{spiffe_id=\"{Label(identity.SpiffeId)}\",node=\"{Label(identity.NodeId)}\"}}",
                (identity.NotAfter - now).TotalSeconds);
        }

        Head(text, "mesh_certificates_late", "Certificates of which less than a quarter of their life is left.");
        Line(text, "mesh_certificates_late", identities.Count(i => CertificateAlarms.Of(i, now) is not CertificateAlarm.None));
        if (mesh.LocalBundle is not { RootsPem: [_, ..] roots }) return text.ToString();
        Head(text, "mesh_root_expiry_seconds", "How long the first of the mesh's roots to end is still good for.");
        Line(text, "mesh_root_expiry_seconds", roots.Min(root => LeftOf(root, now)));
        Head(text, "mesh_roots", "Roots in the mesh's bundle: more than one while another follows.");
        Line(text, "mesh_roots", roots.Length);
        return text.ToString();
    }

    private static double LeftOf(string pem, DateTimeOffset now)
    {
        using var root = X509Certificate2.CreateFromPem(pem);
        return (root.NotAfter.ToUniversalTime() - now.UtcDateTime).TotalSeconds;
    }

    private static void Head(StringBuilder text, string name, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" gauge\n");

    private static void Line(StringBuilder text, string name, double value) =>
        text.Append(name).Append(' ').Append(value.ToString("0.###", CultureInfo.InvariantCulture)).Append('\n');

    // Prometheus text format: backslash, quote and line end are escaped.
    private static string Label(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
