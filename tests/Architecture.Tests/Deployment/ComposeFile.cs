namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>docker-compose.yml.</summary>
internal sealed class ComposeFile
{
    private ComposeFile(Yaml root)
    {
        Services = [.. root["services"].Members.Select(m => new ComposeService(m.Key, m.Value))];
        Volumes = root["volumes"].Members.Select(m => m.Key).ToHashSet();
        Networks = root["networks"].Members.Select(m => m.Key).ToHashSet();
    }

    public IReadOnlyList<ComposeService> Services { get; }

    public IReadOnlySet<string> Volumes { get; }

    public IReadOnlySet<string> Networks { get; }

    public static ComposeFile Read(string text) => new(Yaml.ReadAll(text).Single());

    public ComposeService? Find(string name) => Services.FirstOrDefault(s => s.Name == name);

    /// <summary>The services that share a network with this one, itself included: one loopback for all.</summary>
    public IEnumerable<ComposeService> Beside(ComposeService service) =>
        Services.Where(s => s.NetworkOwner == service.NetworkOwner);
}
