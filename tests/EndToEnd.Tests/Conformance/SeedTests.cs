using System.Net;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>The source documents' manifests on a running control plane: all accepted, with exactly the warnings we document.</summary>
public sealed class SeedTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-seeds-");
    private ControlPlane _controlPlane = null!;

    public static TheoryData<string, string[]> Seeds => new()
    {
        { "s000-circuit-breaker.yaml", ["consecutiveErrors"] },
        { "s000-fault.yaml", [] },
        { "s000-routing.yaml", [] },
        { "s000-security.yaml", [] },
        { "s000-workload.yaml", [] },
        { "s001.yaml", ["consecutiveErrors"] },
        { "s003-bookinfo.yaml", [] },
        { "s003-routing.yaml", [] },
        { "s003-security.yaml", [] },
        { "s003-tuning.yaml", ["http1MaxRequests"] },
        { "s004.yaml", [] },
    };

    public async Task InitializeAsync() =>
        _controlPlane = await ControlPlane.StartAsync(Path.Combine(_directory.FullName, "data"));

    public async Task DisposeAsync()
    {
        await _controlPlane.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_seed_is_accepted_with_exactly_its_warnings(string seed, string[] fields)
    {
        var yaml = await File.ReadAllTextAsync(Path.Combine(Binaries.RepositoryRoot(), "samples", "manifests", seed));

        var answer = await _controlPlane.ApplyAsync(yaml);

        var warnings = answer.GetProperty("warnings").EnumerateArray().Select(w => w.GetProperty("path").GetString()!);
        Assert.Equal(fields, warnings.Select(path => path[(path.LastIndexOf('.') + 1)..]));
        Assert.NotEqual(0, answer.GetProperty("changes").GetArrayLength());
    }

    [Fact]
    public async Task A_wrong_manifest_changes_nothing_and_every_fault_is_named_with_its_line()
    {
        await _controlPlane.ApplyAsync("{apiVersion: v1, kind: Service, metadata: {name: ok}, spec: {selector: {app: ok}, ports: [{port: 80}]}}");
        const string Wrong = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: { name: wrong }
            spec:
              hosts: [a]
              http:
              - retries: { attempts: -1 }
                route:
                - destination: { host: a }
                  weihgt: 10
            ---
            apiVersion: networking.istio.io/v1
            kind: EnvoyFilter
            metadata: { name: filter }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: would-be-fine }
            spec:
              selector: { app: x }
              ports: [ { port: 80 } ]
            """;

        using var response = await _controlPlane.TryApplyAsync(Wrong);
        var problem = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal([7, 10, 13], problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("line").GetInt32()).Order());
        var config = await _controlPlane.GetAsync("/v1/config");
        Assert.Equal(["ok"], config.EnumerateArray().Select(c => c.GetProperty("name").GetString()!));
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_change_and_changes_nothing()
    {
        const string Service = "{apiVersion: v1, kind: Service, metadata: {name: dry}, spec: {selector: {app: dry}, ports: [{port: 80}]}}";

        using var response = await _controlPlane.TryApplyAsync(Service, "?dryRun=true");
        var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

        Assert.Equal("created", answer.GetProperty("changes")[0].GetProperty("change").GetString());
        Assert.Equal(0, (await _controlPlane.GetAsync("/v1/config")).GetArrayLength());
    }

    [Fact]
    public async Task The_same_content_again_is_no_new_revision()
    {
        const string Service = "{apiVersion: v1, kind: Service, metadata: {name: again}, spec: {selector: {app: again}, ports: [{port: 80}]}}";

        var first = await _controlPlane.ApplyAsync(Service);
        var second = await _controlPlane.ApplyAsync(Service);

        Assert.Equal(first.GetProperty("revision").GetInt64(), second.GetProperty("revision").GetInt64());
    }
}
