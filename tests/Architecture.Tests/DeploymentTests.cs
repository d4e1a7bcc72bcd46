using MeshOrleans.Architecture.Tests.Deployment;

namespace MeshOrleans.Architecture.Tests;

/// <summary>
/// No container engine runs where this is built, so what docker-compose.yml, the Dockerfile and the manifests name is
/// checked against the sources. That the checks find what they are there for, the tests in Deployment show.
/// </summary>
public sealed class DeploymentTests
{
    private const string Kubernetes = "deploy/kubernetes/";
    private const string Template = Kubernetes + "secret.template.yaml";
    private const string Kustomization = Kubernetes + "kustomization.yaml";

    private static readonly Dockerfile Docker = Dockerfile.Read(Repository.Read("deploy/docker/Dockerfile"));
    private static readonly ComposeFile Compose = ComposeFile.Read(Repository.Read("docker-compose.yml"));

    private static string[] Manifests { get; } =
    [
        .. Repository.Files.Where(f => f.StartsWith(Kubernetes, StringComparison.Ordinal)
            && f.EndsWith(".yaml", StringComparison.Ordinal) && f != Kustomization),
    ];

    [Fact]
    public void The_Dockerfile_names_only_what_exists() =>
        AssertNone(DockerfileRules.Check(Docker, DockerIgnore.Read(Repository.Read(".dockerignore"))));

    [Fact]
    public void The_compose_file_names_only_what_exists() => AssertNone(ComposeRules.Check(Compose, Docker));

    [Fact]
    public void The_Kubernetes_manifests_name_only_what_exists() => AssertNone(
        KubernetesRules.Check(KubernetesObjects.Read(Manifests.Select(Repository.Read)), new Images(Compose, Docker)));

    [Fact]
    public void The_compose_file_runs_every_image_of_the_Dockerfile() => Assert.Equal(
        Docker.Stages.Where(s => Docker.Words(s, "ENTRYPOINT").Count > 0).Order(),
        Compose.Services.Select(s => s.BuildTarget).Where(t => t.Length > 0).Distinct().Order());

    [Fact]
    public void The_kustomization_lists_every_manifest_but_the_template() => Assert.Equal(
        Manifests.Where(m => m != Template).Select(m => m[Kubernetes.Length..]).Order(),
        Yaml.ReadAll(Repository.Read(Kustomization)).Single()["resources"].Texts.Order());

    [Fact]
    public void The_template_of_the_secret_cannot_be_applied_as_it_stands() => Assert.All(
        Yaml.ReadAll(Repository.Read(Template)).Single()["data"].Members,
        entry => Assert.Throws<FormatException>(() => Convert.FromBase64String(entry.Value.Text)));

    [Fact]
    public void Every_token_a_sidecar_of_the_compose_file_joins_with_is_minted()
    {
        var script = Repository.Read("deploy/compose/bootstrap.sh");
        var tokens = Compose.Services
            .Select(s => s.Environment.GetValueOrDefault("MESH_TOKEN_FILE")).OfType<string>().ToArray();

        Assert.NotEmpty(tokens);
        Assert.DoesNotContain(tokens, t => !script.Contains($"mint {Path.GetFileName(t)} ", StringComparison.Ordinal));
    }

    // Assert.Empty would cut the sentences short.
    private static void AssertNone(IEnumerable<string> findings)
    {
        var text = string.Join(Environment.NewLine, findings.Distinct());

        Assert.True(text.Length == 0, text);
    }
}
