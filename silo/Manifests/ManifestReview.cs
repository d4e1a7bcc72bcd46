using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Silo.Manifests;

/// <summary>
/// Everything there is to say about a change set before it is accepted: its resources and all findings.
/// </summary>
/// <param name="Sources">The resources with their places, in the order they were written.</param>
/// <param name="Findings">Errors and warnings, each with file and line.</param>
internal sealed record ManifestReview(ImmutableArray<ManifestResource> Sources, ImmutableArray<Violation> Findings)
{
    /// <summary>The resources, in the order they were written.</summary>
    public ImmutableArray<ConfigResource> Resources { get; } = [.. Sources.Select(s => s.Resource)];

    /// <summary>Whether it has to be refused.</summary>
    public bool HasErrors => Findings.Any(f => f.Severity is Severity.Error);

    /// <summary>Reads and validates files that are one change set.</summary>
    public static ManifestReview Of(IEnumerable<(string File, string Text)> files, string defaultNamespace)
    {
        var sources = ImmutableArray.CreateBuilder<ManifestResource>();
        var findings = ImmutableArray.CreateBuilder<Violation>();
        var firstFile = new Dictionary<ConfigKey, string>();
        foreach (var (file, text) in files)
        {
            var manifest = ManifestReader.Read(file, text, defaultNamespace).Validated();
            findings.AddRange(manifest.Violations);
            foreach (var read in manifest.Resources)
            {
                sources.Add(read);

                // Within one file the reader has found duplicates already; here they span files.
                if (!firstFile.TryAdd(read.Resource.Key, file) && firstFile[read.Resource.Key] != file)
                {
                    var where = firstFile[read.Resource.Key];
                    findings.Add(read.Place(new Violation(
                        FieldPath.Root.At("metadata").At("name"),
                        $"{read.Resource.Key} is in this change set already, in {where}")));
                }
            }
        }

        return new ManifestReview(sources.ToImmutable(), findings.ToImmutable());
    }
}
