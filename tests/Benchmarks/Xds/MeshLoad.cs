using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Xds;

/// <summary>
/// The mesh that is measured: services spread over namespaces. The first of each namespace has a registered member whose
/// health is what changes; the second has a route that changes.
/// </summary>
internal sealed class MeshLoad(XdsArguments arguments, ControlPlane control)
{
    private const int Batch = 200;
    private const int Flipping = 10; // namespaces with a member that changes

    private readonly bool[] _isUp = [.. Enumerable.Repeat(true, Flipping)];

    /// <summary>How many namespaces have something that changes.</summary>
    public int Targets { get; } = Math.Min(Flipping, arguments.Namespaces);

    /// <summary>Where the proxy, or service, of a number is.</summary>
    public static string NamespaceOf(int number, int namespaces) =>
        string.Create(CultureInfo.InvariantCulture, $"b{number % namespaces}");

    /// <summary>What a proxy calls: the service of its namespace and those that follow it.</summary>
    public static IEnumerable<string> CalledBy(int proxy, int namespaces, int services, int used) =>
        from place in Enumerable.Range(proxy % namespaces, used)
        let service = place % services
        select string.Create(CultureInfo.InvariantCulture, $"s{service}.{NamespaceOf(service, namespaces)}.bench:80");

    /// <summary>Whether a proxy is among so many percent, which are spread evenly over the namespaces.</summary>
    public static bool IsAmong(int proxy, int percent) => proxy * 37L % 100 < percent;

    /// <summary>The cluster whose endpoints change.</summary>
    public static string ClusterOf(int target) =>
        string.Create(CultureInfo.InvariantCulture, $"outbound|80||s{target}.b{target}.bench");

    /// <summary>Applies everything.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var batch in Manifests().Chunk(Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await control.ApplyAsync(string.Join("\n---\n", batch));
        }

        if (arguments.Used > 0)
        {
            await control.ApplyAsync(
                "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, "
                + "spec: {autoScope: true}}");
        }

        for (var target = 0; target < Targets; target++)
        {
            using var response = await control.Api.PostAsJsonAsync(
                "/v1/workloads",
                new
                {
                    @namespace = $"b{target}",
                    name = $"flip-{target}",
                    address = "127.7.7.7",
                    serviceAccount = "flip",
                    ports = new { http = 80 },
                    labels = new { app = "flip" },
                    leaseSeconds = 3_600,
                },
                cancellationToken);
            await EnsureAsync(response, cancellationToken);
        }
    }

    /// <summary>The other health for the member of a target.</summary>
    public async Task FlipAsync(int target, CancellationToken cancellationToken)
    {
        var healthy = _isUp[target] = !_isUp[target];
        using var response = await control.Api.PutAsJsonAsync(
            $"/v1/workloads/b{target}/flip-{target}/health", new { healthy, detail = "" }, cancellationToken);
        await EnsureAsync(response, cancellationToken);
    }

    /// <summary>A new content for the route of a target.</summary>
    public async Task ChangeRouteAsync(int target, int number) => await control.ApplyAsync(
        $"{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: r, namespace: b{target}}}, spec: "
        + $"{{hosts: [{Host(target)}], exportTo: [\"{(arguments.SeesAll ? "*" : ".")}\"], http: [{{headers: {{request: {{set: {{x-number: \"{number}\"}}}}}}, "
        + $"route: [{{destination: {{host: {Host(target)}}}}}]}}]}}}}");

    private static async Task EnsureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent) return;
        throw new InvalidOperationException(
            $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private string Host(int service) => string.Create(
        CultureInfo.InvariantCulture, $"s{service}.{NamespaceOf(service, arguments.Namespaces)}.bench");

    private IEnumerable<string> Manifests()
    {
        for (var service = 0; service < arguments.Services; service++)
        {
            var ns = NamespaceOf(service, arguments.Namespaces);
            var export = arguments.SeesAll ? "*" : ".";
            var flips = service < Targets;
            yield return
                $"{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: s{service}, namespace: {ns}}}, "
                + $"spec: {{hosts: [{Host(service)}], exportTo: [\"{export}\"], resolution: STATIC, location: MESH_INTERNAL, "
                + "ports: [{number: 80, name: http, protocol: HTTP}], "
                + (flips ? "workloadSelector: {labels: {app: flip}}}}" : $"endpoints: [{Endpoints(service)}]}}}}");
            if (!flips) continue;
            for (var i = 1; i < arguments.Endpoints; i++)
            {
                yield return
                    $"{{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {{name: w{i}, namespace: {ns}}}, "
                    + $"spec: {{address: {Address(service, i)}, labels: {{app: flip}}}}}}";
            }
        }
    }

    private string Endpoints(int service)
    {
        var text = new StringBuilder();
        for (var i = 0; i < arguments.Endpoints; i++) text.Append(i == 0 ? "" : ", ").Append($"{{address: {Address(service, i)}}}");
        return text.ToString();
    }

    private string Address(int service, int endpoint)
    {
        var number = (service * arguments.Endpoints) + endpoint;
        return string.Create(CultureInfo.InvariantCulture, $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}");
    }
}
