using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>JSON as it is written into files that people may read.</summary>
internal static class JsonText
{
    public static string Of(JsonObject root)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true })) root.WriteTo(json);
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
