using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Silo.Issuers;

/// <summary>How the keys stand that policies want from issuers, for Prometheus; the same on every process.</summary>
internal static class IssuerMetrics
{
    public static string Of(MeshSnapshot mesh)
    {
        var wanted = KeySource.WantedBy(mesh);
        var missing = wanted.Count(source => !mesh.KeySets.ContainsKey(source.Address));
        var failing = wanted.Count(source => mesh.Issuers.GetValueOrDefault(source.Address)?.Error is not null);
        return $"""
            # HELP mesh_issuer_key_sets Addresses from which policies want the keys of issuers.
            # TYPE mesh_issuer_key_sets gauge
            mesh_issuer_key_sets {wanted.Length}
            # HELP mesh_issuer_key_sets_missing Those of which there are no keys: tokens of these issuers are refused.
            # TYPE mesh_issuer_key_sets_missing gauge
            mesh_issuer_key_sets_missing {missing}
            # HELP mesh_issuer_key_sets_failing Those that could not be fetched the last time.
            # TYPE mesh_issuer_key_sets_failing gauge
            mesh_issuer_key_sets_failing {failing}

            """;
    }
}
