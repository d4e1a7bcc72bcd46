using System.Collections.Immutable;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>An image that docker-compose.yml builds: its entry point and the arguments it has by itself.</summary>
internal sealed record BuiltImage(IReadOnlyList<string> EntryPoint, IReadOnlyList<string> Arguments);

/// <summary>The images that docker-compose.yml builds, by name.</summary>
internal sealed class Images(ComposeFile compose, Dockerfile dockerfile)
{
    private readonly ImmutableDictionary<string, BuiltImage> _built = compose.Services
        .Where(s => s.BuildTarget.Length > 0)
        .DistinctBy(s => s.Image)
        .ToImmutableDictionary(
            s => s.Image,
            s => new BuiltImage(
                dockerfile.Words(s.BuildTarget, "ENTRYPOINT"), dockerfile.Words(s.BuildTarget, "CMD")));

    public BuiltImage? Find(string image) => _built.GetValueOrDefault(image);
}
