using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// What a proxy does not see is silent on its stream. A change that it does see comes after each, so that whatever the
/// first had caused would have come before.
/// </summary>
public sealed class OutOfScopeTests
{
    private const string Narrow = """
        kind: Sidecar
        apiVersion: networking.istio.io/v1
        metadata: { name: default, namespace: app }
        spec: { egress: [ { hosts: [ ./a.app.svc.cluster.local, ./b.app.svc.cluster.local ] } ] }
        """;

    private const string Private = """
        kind: ServiceEntry
        apiVersion: networking.istio.io/v1
        metadata: { name: private, namespace: other }
        spec:
          hosts: [ private.example ]
          exportTo: [ "." ]
          resolution: STATIC
          ports: [ { number: 80, name: http, protocol: HTTP } ]
          workloadSelector: { labels: { app: private } }
        """;

    private const string Wide = "";

    public static TheoryData<string, string, bool> Changes
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (var isDelta in new[] { false, true })
            {
                foreach (var (scope, change) in Cases) data.Add(scope, change, isDelta);
            }

            return data;
        }
    }

    private static (string Scope, string Change)[] Cases =>
    [
        (Narrow, "workload other/c-2 app=c"), // its service is not among the hosts
        (Narrow, Service("other", "d")),
        (Narrow, Rule("other", "c", "c")),
        (Wide, "workload other/private-2 app=private"), // its service is not exported
        (Wide, Private.Replace("metadata:", "# again\nmetadata:", StringComparison.Ordinal).Replace("80", "81", StringComparison.Ordinal)),
        (Wide, "workload third/x-1 app=x"), // of no service
        (Wide, Rule("other", "b", "b.app.svc.cluster.local")), // neither the client's namespace nor the service's
        (Wide, Rule("other", "c", "c", "exportTo: [ \".\" ], ")),
        (Wide, Route("other", "c", "c", "exportTo: [ \".\" ], ")),
        (Wide, Route("app", "gateways", "b", "gateways: [ edge ], ")), // not for sidecars
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_is_out_of_sight_sends_nothing(string scope, string change, bool isDelta)
    {
        string[] yaml = [TestMesh.Services, Private, .. scope.Length > 0 ? [scope] : Array.Empty<string>()];
        await using var host = await GatewayHost.StartAsync(TestMesh.Of(string.Join("\n---\n", yaml), TestMesh.Workloads).Snapshot);
        await using var client = isDelta ? host.Delta() : host.Sotw();
        var clusters = await client.OpenAsync();
        await client.AckAsync(clusters);
        await AskAsync(TypeUrls.ClusterLoadAssignment, [.. clusters.Names.Where(n => n.StartsWith("outbound|", StringComparison.Ordinal))]);
        await AskAsync(TypeUrls.Listener, isDelta ? ["*"] : []);
        await AskAsync(TypeUrls.RouteConfiguration, ["80"]);

        if (change.Split(' ') is ["workload", var name, var labels])
        {
            host.Grains.Mesh.Put(TestMesh.Workload(name.Split('/')[0], name.Split('/')[1], "10.9.9.9", labels));
        }
        else
        {
            host.Grains.Mesh.Put(Resource(change), 2);
        }

        host.Grains.Mesh.Put(Resource(Route("app", "seen", "a", "")), 3);

        var answer = await client.NextAsync(TypeUrls.RouteConfiguration);
        Assert.Equal(["80"], answer.Names);
        var hosts = answer.Read<RouteConfiguration>("80").VirtualHosts;
        Assert.Equal("/seen", hosts.Single(h => h.Name == "a.app.svc.cluster.local:80").Routes[0].Match.Prefix);
        Assert.DoesNotContain(hosts.Where(h => !h.Name.StartsWith("a.", StringComparison.Ordinal)).SelectMany(h => h.Routes), r => r.Match.Prefix == "/seen");
        await client.AckAsync(answer, "80");
        await client.SilenceAsync();

        async Task AskAsync(string typeUrl, string[] names)
        {
            await (isDelta ? client.ChangeAsync(typeUrl, names) : client.SendAsync(typeUrl, names));
            await client.AckAsync(await client.NextAsync(typeUrl), names);
        }
    }

    private static ConfigResource Resource(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();

    private static string Service(string ns, string name) => $$"""
        { kind: Service, apiVersion: v1, metadata: { name: {{name}}, namespace: {{ns}} }, spec: { ports: [ { port: 80, name: http } ] } }
        """;

    private static string Rule(string ns, string name, string host, string more = "") => $$"""
        { kind: DestinationRule, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { {{more}}host: {{host}}, trafficPolicy: { loadBalancer: { simple: RANDOM } } } }
        """;

    private static string Route(string ns, string name, string host, string more) => $$"""
        { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { {{more}}hosts: [ {{host}} ], http: [ { match: [ { uri: { prefix: /seen } } ], route: [ { destination: { host: {{host}} } } ] } ] } }
        """;
}
