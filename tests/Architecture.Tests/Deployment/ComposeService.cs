using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>Something of the host or a volume, and where a container sees it.</summary>
/// <param name="Source">A volume's name, or a path of the repository that begins with <c>./</c>.</param>
/// <param name="Target">The path in the container.</param>
internal sealed record Mount(string Source, string Target)
{
    public bool IsBind => Source.StartsWith('.') || Source.StartsWith('/');

    public bool Holds(string path) => path == Target || path.StartsWith(Target + "/", StringComparison.Ordinal);
}

/// <summary>One service of docker-compose.yml.</summary>
internal sealed partial record ComposeService(string Name, Yaml Yaml)
{
    public string Where => $"compose service {Name}";

    public string Image => Yaml["image"].Text;

    public string BuildTarget => Yaml["build"]["target"].Text;

    public IReadOnlyList<string> EntryPoint => Yaml["entrypoint"].TextOrTexts();

    public IReadOnlyList<string> Command => [.. Yaml["command"].TextOrTexts().Select(Interpolate)];

    public ImmutableDictionary<string, string> Environment =>
        Yaml["environment"].Members.ToImmutableDictionary(m => m.Key, m => Interpolate(m.Value.Text));

    public IReadOnlyList<Mount> Mounts =>
        [.. Yaml["volumes"].Texts.Select(v => v.Split(':')).Select(v => new Mount(v[0], v[1]))];

    public IEnumerable<Mount> Temporary => Yaml["tmpfs"].TextOrTexts().Select(t => new Mount("", t.Split(':')[0]));

    /// <summary>Service to the condition it is waited for with.</summary>
    public IEnumerable<(string Service, string Condition)> DependsOn => Yaml["depends_on"].Node is null
        ? []
        : Yaml["depends_on"].Members.Select(d => (d.Key, d.Value["condition"].Text))
            .Concat(Yaml["depends_on"].Texts.Select(t => (t, "service_started")));

    /// <summary>The service whose network this one lives in: mostly its own.</summary>
    public string NetworkOwner => Yaml["network_mode"].Text.Split(':') is ["service", var owner] ? owner : Name;

    public IEnumerable<string> Networks => Yaml["networks"].Texts.Concat(Yaml["networks"].Members.Select(m => m.Key));

    public IEnumerable<string> Addresses => Yaml["networks"].Members
        .Select(m => m.Value["ipv4_address"].Text)
        .Where(a => a.Length > 0);

    public IReadOnlyList<string> HealthCheck => [.. Yaml["healthcheck"]["test"].Texts.Skip(1)];

    /// <summary>The ports in the container that are published.</summary>
    public IEnumerable<string> PublishedPorts => Yaml["ports"].Texts.Select(p => p.Split(':')[^1]);

    private static string Interpolate(string text) => Variable().Replace(text, "$1");

    // ${NAME:-default} becomes its default
    [GeneratedRegex(@"\$\{\w+:-([^}]*)\}")]
    private static partial Regex Variable();
}
