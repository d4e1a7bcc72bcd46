using System.Text.Json.Nodes;

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

    public static string Roots(string rootsFile) =>
        Write("ROOTCA", "validation_context", new JsonObject { ["trusted_ca"] = File(rootsFile) });

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
