using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Config.Reading;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Manifests;

/// <summary>Makes resources of documents, whatever those were written in.</summary>
public static class ManifestDecoder
{
    /// <summary>Reads all documents. Lists (a JSON array, or the kind <c>List</c>) count as their members.</summary>
    /// <param name="file">The file as the caller names it; empty when none.</param>
    /// <param name="documents">The documents, in the order they were written.</param>
    /// <param name="errors">What was wrong with the writing.</param>
    /// <param name="defaultNamespace">The namespace of resources that name none.</param>
    public static Manifest Decode(
        string file,
        IEnumerable<DocumentNode> documents,
        IEnumerable<DocumentError> errors,
        string defaultNamespace)
    {
        var violations = errors
            .Take(DocumentLimits.MaxFaults)
            .Select(error => new Violation(PathOf(error), error.Message, File: file, Line: error.Line))
            .ToList();
        var resources = new List<ManifestResource>();
        var members = documents.SelectMany(Members).Take(DocumentLimits.MaxDocuments + 1).ToList();
        if (members.Count > DocumentLimits.MaxDocuments)
        {
            violations.Add(new Violation(
                FieldPath.Root, $"more than {DocumentLimits.MaxDocuments} documents in one manifest", File: file));
            members.Clear();
        }

        foreach (var member in members)
        {
            Decode(file, member, defaultNamespace, resources, violations);
            if (violations.Count < DocumentLimits.MaxFaults) continue;
            violations.Add(new Violation(
                FieldPath.Root,
                $"more than {DocumentLimits.MaxFaults} faults: what follows was not read",
                File: file,
                Line: violations[^1].Line));
            break;
        }

        ReportDuplicates(resources, violations);
        return new Manifest([.. resources], [.. violations.OrderBy(v => v.Line)]);
    }

    private static FieldPath PathOf(DocumentError error) =>
        error.Path.Length == 0 ? FieldPath.Root : FieldPath.Root.At(error.Path);

    private static IEnumerable<DocumentNode> Members(DocumentNode node) => node switch
    {
        { IsNull: true } => [],
        ListNode list => list.Items.SelectMany(Members),
        MapNode map when IsList(map) && map.Find("items")?.Value is ListNode items => items.Items.SelectMany(Members),
        _ => [node],
    };

    private static bool IsList(MapNode map) =>
        map.Find("kind")?.Value is ScalarNode { Text: var kind } && kind.EndsWith("List", StringComparison.Ordinal);

    private static void Decode(
        string file,
        DocumentNode document,
        string defaultNamespace,
        List<ManifestResource> resources,
        List<Violation> violations)
    {
        var findings = new Findings();
        var resource = ResourceReader.Read(document, defaultNamespace, findings, out var name);
        violations.AddRange(findings.ToImmutable().Select(v => v with { File = file, Resource = name }));
        if (resource is not null) resources.Add(new ManifestResource(resource, file, new DocumentLines(document)));
    }

    private static void ReportDuplicates(List<ManifestResource> resources, List<Violation> violations)
    {
        var seen = new Dictionary<ConfigKey, ManifestResource>();
        foreach (var resource in resources)
        {
            if (seen.TryAdd(resource.Resource.Key, resource)) continue;
            var path = FieldPath.Root.At("metadata").At("name");
            var line = seen[resource.Resource.Key].Lines.LineOf(path);
            violations.Add(resource.Place(new Violation(
                path, $"{resource.Resource.Key} is there twice in this manifest, first on line {line}")));
        }
    }
}
