using System.Collections.Immutable;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Manifests;

/// <summary>What was read from one file or request body.</summary>
/// <param name="Resources">The resources whose every value could be read, in the order they were written.</param>
/// <param name="Violations">What is wrong or should be written otherwise, in the order of lines.</param>
public sealed record Manifest(ImmutableArray<ManifestResource> Resources, ImmutableArray<Violation> Violations)
{
    /// <summary>Whether it is refused as it stands.</summary>
    public bool HasErrors => Violations.Any(v => v.Severity == Severity.Error);

    /// <summary>The same manifest with what the rules of each resource's kind find added to its violations.</summary>
    public Manifest Validated()
    {
        var found = Resources.SelectMany(r => ManifestValidator.Check(r.Resource).Select(r.Place));
        return this with { Violations = [.. Violations.Concat(found).OrderBy(v => v.Line)] };
    }
}

/// <summary>A resource with the place it was read from.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="File">The file as the caller named it; empty when none.</param>
/// <param name="Lines">Tells on which line a field stands.</param>
public sealed record ManifestResource(ConfigResource Resource, string File, DocumentLines Lines)
{
    /// <summary>A rule's finding about this resource, with file, line and resource filled in.</summary>
    public Violation Place(Violation violation) => violation with
    {
        File = File,
        Line = violation.Line > 0 ? violation.Line : Lines.LineOf(violation.Path),
        Resource = Resource.Key.ToString(),
    };
}
