using System.Collections.Immutable;
using System.Text.Json;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Config.Reading;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config;

/// <summary>How an accepted resource is stored and sent to the gateways: one canonical JSON object.</summary>
public static class ConfigJson
{
    /// <summary>Reads what <see cref="Write"/> wrote. Fields of a newer version are left alone.</summary>
    /// <exception cref="FormatException">The text is no stored resource.</exception>
    public static ConfigResource Read(string json)
    {
        var errors = new List<DocumentError>();
        var node = JsonDocumentReader.Read(json, errors);
        if (node is null || errors.Count > 0)
        {
            throw new FormatException($"A stored resource is no JSON: {errors[0].Message}.");
        }

        var findings = new Findings { IsStored = true };
        var resource = ResourceReader.Read(node, ResourceReader.DefaultNamespace, findings, out var name);
        if (resource is not null && !findings.HasErrors) return resource;
        var first = findings.ToImmutable().First(v => v.Severity == Severity.Error);
        throw new FormatException($"Stored resource {name} cannot be read: {first.Path}: {first.Message}.");
    }

    /// <summary>
    /// Writes a resource; equal resources are written as equal text, whatever the order of their fields and the version
    /// of their API.
    /// </summary>
    /// <exception cref="InvalidOperationException">The resource was made in code and has no document.</exception>
    public static string Write(ConfigResource resource) => CanonicalJson.Write(writer =>
    {
        writer.WriteStartObject();
        var kind = ConfigKind.All[resource.Key.Kind];
        writer.WriteString("apiVersion", kind.ApiVersions[0]);
        writer.WriteString("kind", kind.WrittenAs);
        writer.WriteStartObject("metadata");
        writer.WriteString("name", resource.Key.Name);
        writer.WriteString("namespace", resource.Key.Namespace);
        WriteMap(writer, "labels", resource.Labels);
        WriteMap(writer, "annotations", resource.Annotations);
        writer.WriteEndObject();
        writer.WritePropertyName("spec");
        CanonicalJson.Write(writer, resource.Document ?? throw new InvalidOperationException(
            $"{resource.Key} was not read from a document, so it cannot be written."));
        writer.WriteNumber("createdRevision", resource.CreatedRevision);
        writer.WriteNumber("createdOrdinal", resource.CreatedOrdinal);
        if (resource.Generation > 1) writer.WriteNumber("generation", resource.Generation);
        writer.WriteEndObject();
    });

    private static void WriteMap(Utf8JsonWriter writer, string name, ImmutableSortedDictionary<string, string> map)
    {
        if (map.IsEmpty) return;
        writer.WriteStartObject(name);
        foreach (var (key, value) in map) writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}
