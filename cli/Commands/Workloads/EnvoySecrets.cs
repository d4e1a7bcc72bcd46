using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// Secrets in Envoy's own form, which name the PEM files: an Envoy that has them from a file reads the PEM files again
/// when others are moved into their place.
/// </summary>
internal static class EnvoySecrets
{
    public static string Certificate(string chainFile, string keyFile) => Write("default", "tls_certificate", new JsonObject
    {
        ["certificate_chain"] = File(chainFile),
        ["private_key"] = File(keyFile),
    });

    /// <summary>
    /// The roots, those of other meshes bound to their trust domains: in one file with this mesh's own, they would vouch
    /// for its members too.
    /// </summary>
    /// <param name="rootsFile">The roots of this mesh.</param>
    /// <param name="revokedFile">The lists of revoked certificates; null when there are none.</param>
    /// <param name="bundles">The roots of every mesh that is trusted.</param>
    /// <remarks>Envoy's SPIFFE validator, which keeps linked meshes apart, knows no lists of revoked certificates.</remarks>
    public static string Roots(string rootsFile, string? revokedFile, TrustBundleAnswer[] bundles)
    {
        if (bundles.Length > 1) return Write("ROOTCA", "validation_context", Bound(bundles));
        var context = new JsonObject { ["trusted_ca"] = File(rootsFile) };
        if (revokedFile is not null)
        {
            context["crl"] = File(revokedFile);
            context["only_verify_leaf_cert_crl"] = true; // roots have no list, and all would be refused
        }

        return Write("ROOTCA", "validation_context", context);
    }

    /// <remarks>Envoy does not follow files that this validator names, so they stand here.</remarks>
    private static JsonObject Bound(TrustBundleAnswer[] bundles) => new()
    {
        ["custom_validator_config"] = new JsonObject
        {
            ["name"] = "envoy.tls.cert_validator.spiffe",
            ["typed_config"] = new JsonObject
            {
                ["@type"] = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
                ["trust_domains"] = new JsonArray([.. bundles.Select(bundle => new JsonObject
                {
                    ["name"] = bundle.TrustDomain,
                    ["trust_bundle"] = new JsonObject { ["inline_string"] = MemberCredentials.Join(bundle.Roots) },
                })]),
            },
        },
    };

    private static string Write(string name, string kind, JsonObject content) => JsonText.Of(new JsonObject
    {
        ["resources"] = new JsonArray(new JsonObject
        {
            ["@type"] = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            ["name"] = name,
            [kind] = content,
        }),
    });

    private static JsonObject File(string path) => new() { ["filename"] = path };
}
