using System.Collections.Immutable;
using System.Text;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Silo.Manifests;

/// <summary>
/// Reads a file or request body: YAML of many documents, or JSON (an object, a list of kind List, an array).
/// </summary>
public static class ManifestReader
{
    /// <summary>Whether the text is larger than a manifest may be; over HTTP that is 413.</summary>
    public static bool IsTooLarge(string text) =>
        text.Length > DocumentLimits.MaxBytes || Encoding.UTF8.GetByteCount(text) > DocumentLimits.MaxBytes;

    /// <summary>
    /// Reads the text. Never throws; everything that is wrong is among the violations, with its line.
    /// </summary>
    /// <param name="file">The file as the caller names it; empty when none.</param>
    /// <param name="text">The text.</param>
    /// <param name="defaultNamespace">The namespace of resources that name none.</param>
    public static Manifest Read(string file, string text, string defaultNamespace = "default")
    {
        if (IsTooLarge(text))
        {
            var message = $"the manifest is larger than {DocumentLimits.MaxBytes} bytes";
            return new Manifest([], [new Violation(FieldPath.Root, message, File: file)]);
        }

        var errors = new List<DocumentError>();
        var documents = ReadDocuments(text.TrimStart('\uFEFF'), errors);
        return ManifestDecoder.Decode(file, documents, errors, defaultNamespace);
    }

    private static ImmutableArray<DocumentNode> ReadDocuments(string text, List<DocumentError> errors)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{") && !text.AsSpan().TrimStart().StartsWith("["))
        {
            return YamlDocumentReader.Read(text, errors);
        }

        if (JsonDocumentReader.Read(text, errors) is { } json) return [json];

        // A YAML document may start with a brace too; if it is neither, the faults of the JSON are reported.
        var yamlErrors = new List<DocumentError>();
        var yaml = YamlDocumentReader.Read(text, yamlErrors);
        if (yamlErrors.Count > 0) return [];
        errors.Clear();
        return yaml;
    }
}
