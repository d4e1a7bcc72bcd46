using System.Text;
using System.Text.Json;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// Secrets in Envoy's own form, which name the PEM files: an Envoy that has them from a file reads the PEM files again
/// when others are moved into their place.
/// </summary>
internal static class EnvoySecrets
{
    public static string Certificate(string chainFile, string keyFile) => Write("default", json =>
    {
        json.WriteStartObject("tls_certificate");
        WriteFile(json, "certificate_chain", chainFile);
        WriteFile(json, "private_key", keyFile);
        json.WriteEndObject();
    });

    public static string Roots(string rootsFile) => Write("ROOTCA", json =>
    {
        json.WriteStartObject("validation_context");
        WriteFile(json, "trusted_ca", rootsFile);
        json.WriteEndObject();
    });

    private static string Write(string name, Action<Utf8JsonWriter> body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("resources");
            json.WriteStartObject();
            json.WriteString("@type", "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret");
            json.WriteString("name", name);
            body(json);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteFile(Utf8JsonWriter json, string name, string path)
    {
        json.WriteStartObject(name);
        json.WriteString("filename", path);
        json.WriteEndObject();
    }
}
