using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Tests.Gateway;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>What the rules are tried on: names of the test mesh, and changes of it.</summary>
internal static class Mesh
{
    public const string A = "outbound|80||a.app.svc.cluster.local";
    public const string B = "outbound|80||b.app.svc.cluster.local";
    public const string C = "outbound|80||c.other.svc.cluster.local";
    public const string D = "outbound|80||d.app.svc.cluster.local";
    public const string NoSuchName = "no-such-name";

    /// <summary>A further service d: one more cluster, one more virtual host of route 80.</summary>
    public static void AddService(this GatewayHost host, string name = "d", long revision = 2) =>
        host.Grains.Mesh.Put(Service(name), revision);

    public static void RemoveService(this GatewayHost host, string name) =>
        host.Grains.Mesh.Remove($"config/Service/app/{name}");

    /// <summary>One more endpoint of a or b.</summary>
    public static void AddEndpoint(this GatewayHost host, string app, int number) =>
        host.Grains.Mesh.Put(TestMesh.Workload("app", $"{app}-{number}", $"10.0.1.{number}", $"app={app}"));

    /// <summary>Cluster b in another form; its endpoints stay.</summary>
    public static void LimitConnections(this GatewayHost host, int most = 7) => host.Grains.Mesh.Put(
        Config($$"""
            kind: DestinationRule
            apiVersion: networking.istio.io/v1
            metadata: { name: b, namespace: app }
            spec: { host: b, trafficPolicy: { connectionPool: { tcp: { maxConnections: {{most}} } } } }
            """),
        revision: most);

    public static ConfigResource Service(string name, int port = 80) => Config(
        $"kind: Service\napiVersion: v1\nmetadata: {{ name: {name}, namespace: app }}\n"
        + $"spec: {{ selector: {{ app: {name} }}, ports: [ {{ port: {port}, name: http }} ] }}");

    private static ConfigResource Config(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();
}
