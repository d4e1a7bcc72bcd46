using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Translation.Edge;
using MeshOrleans.Xds.Tests.Translation.Envoy;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>
/// What a proxy gets for every sample manifest, as a file that a reviewer reads. <c>UPDATE_GOLDEN=1</c> writes the files
/// anew.
/// </summary>
public sealed class GoldenTests
{
    private const string Fixture = """
        { kind: Service, apiVersion: v1, metadata: { name: NAME, namespace: NS }, spec: { selector: { app: NAME }, ports: [ { port: 8080, name: http } ] } }
        """;

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(XdsTypes.Registry));

    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Folder { get; } = Path.Combine(SourceFolder(), "golden");

    private static string Samples { get; } = Path.GetFullPath(Path.Combine(SourceFolder(), "../../../samples/manifests"));

    public static TheoryData<string, string, string> Cases => new()
    {
        { "gateway-api", "default", "recommendations,recommendations-v1,recommendations-v2" },
        { "lanes", "default", "frontend,orders" },
        { "s000-routing", "default", "user-service" },
        { "s000-circuit-breaker", "default", "user-service" },
        { "s000-fault", "default", "user-service" },
        { "s000-security", "default", "payment-service" },
        { "s000-workload", "default", "user-service" },
        { "s001", "default", "reviews" },
        { "s003-bookinfo", "default", "productpage" },
        { "s003-routing", "default", "orders,myapp,payment" },
        { "s003-security", "production", "payment" },
        { "s003-tuning", "default", "myapp" },
        { "s004", "production", "order-service,payment-service,legacy-gateway" },
    };

    [Fact]
    public void Every_sample_has_its_golden_file() =>
        Assert.Equal(
            Directory.EnumerateFiles(Samples, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal),
            Cases.Select(c => (string)c[0]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sample_becomes_what_its_golden_file_says(string sample, string ns, string services) =>
        Compare(sample, Translate(sample, ns, services, ProxyMode.Sidecar));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sample_becomes_for_gRPC_programs_what_its_golden_file_says(string sample, string ns, string services) =>
        Compare(Path.Combine("proxyless", sample), Translate(sample, ns, services, ProxyMode.Proxyless));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sample_becomes_for_a_stock_Envoy_what_its_golden_file_says(string sample, string ns, string services) =>
        Compare(Path.Combine("envoy", sample), Translate(sample, ns, services, ProxyMode.Envoy));

    [Fact]
    public void A_mesh_that_has_everything_becomes_for_a_stock_Envoy_what_its_golden_file_says() =>
        Compare(Path.Combine("envoy", "everything"), EnvoyMesh.Mesh.For(TestMesh.Envoy()).Resources);

    [Fact]
    public void A_mesh_with_ports_of_bytes_becomes_for_a_sidecar_what_its_golden_file_says() =>
        Compare(Path.Combine("tcp", "everything"), EnvoyMesh.Mesh.For().Resources);

    [Fact]
    public void A_mesh_with_every_kind_of_server_becomes_for_a_gateway_what_its_golden_file_says() =>
        Compare(Path.Combine("edge", "everything"), EdgeMesh.Everything.For(EdgeMesh.Gateway).Resources);

    private static ResourceSet Translate(string sample, string ns, string services, ProxyMode mode)
    {
        var yaml = File.ReadAllText(Path.Combine(Samples, sample + ".yaml"));
        var names = services.Split(',');
        var known = names.Where(name => !yaml.Contains($"kind: Service\nmetadata: {{ name: {name}", StringComparison.Ordinal));
        var fixture = string.Concat(known.Select(name =>
            "\n---\n" + Fixture.Replace("NAME", name, StringComparison.Ordinal).Replace("NS", ns, StringComparison.Ordinal)));
        var workloads = names.SelectMany((name, i) => new[]
        {
            TestMesh.Workload(ns, $"{name}-v1", $"10.0.{i}.1", $"app={name},version=v1"),
            TestMesh.Workload(ns, $"{name}-v2", $"10.0.{i}.2", $"app={name},version=v2"),
        });

        var scope = TestMesh.Of(TestMesh.Scope(ns, $"app={names[0]},version=v1"), mode);
        return TestMesh.Of(yaml + fixture, workloads, "default").For(scope).Resources;
    }

    private static void Compare(string name, ResourceSet resources)
    {
        var actual = Write(resources);
        var file = Path.Combine(Folder, name + ".json");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"{file} is missing; UPDATE_GOLDEN=1 writes it.");
        Assert.Equal(File.ReadAllText(file), actual);
    }

    private static string Write(ResourceSet resources)
    {
        var root = new JsonObject();
        foreach (var group in resources.Groups)
        {
            var list = new JsonArray();
            foreach (var resource in group.Resources) list.Add(JsonNode.Parse(Formatter.Format(resource.ToAny())));
            root[group.TypeUrl[(group.TypeUrl.LastIndexOf('.') + 1)..]] = list;
        }

        return root.ToJsonString(Indented) + "\n";
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
