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
    /// <param name="bundles">The roots of every mesh that is trusted.</param>
    public static string Roots(string rootsFile, TrustBundleAnswer[] bundles) =>
        Write("ROOTCA", "validation_context", bundles.Length > 1 ? Bound(bundles) : new JsonObject
        {
            ["trusted_ca"] = File(rootsFile),
        });

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
