using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// Hosts are asked for one after the other and at once, while members and routes change and the client is slow to answer.
/// The clock stands still, so that whoever waits for time to pass waits for ever.
/// </summary>
public sealed class DemandWalkTests
{
    private const int Hosts = 12;
    private const int Steps = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task No_answer_waits_for_time_to_pass(int seed)
    {
        var random = new Random(seed);
        await using var host = await GatewayHost.StartAsync(TestMesh.Of(Yaml(), Members()).Snapshot);
        await using var client = new OnDemandClient(host);
        await client.OpenAsync();
        var (asked, answered) = (0, new HashSet<string>(StringComparer.Ordinal));

        for (var step = 0; step < Steps; step++)
        {
            switch (random.Next(6))
            {
                case 0 when asked < Hosts:
                    await client.Ads.ChangeAsync(TypeUrls.HostDemand, [Name(asked++)]);
                    break;
                case 1:
                    var number = random.Next(Hosts);
                    if (random.Next(2) == 0) host.Grains.Mesh.Remove($"workload/app/m-{number}");
                    else host.Grains.Mesh.Put(Member(number, random.Next(2)));
                    break;
                case 2:
                    host.Grains.Mesh.Put(Route(random.Next(Hosts), random.Next(1, 9)), revision: step + 2);
                    break;
                case 3 or 4 when answered.Count < asked:
                    await TakeAsync();
                    break;
            }
        }

        while (answered.Count < asked) await TakeAsync();
        while (asked < Hosts)
        {
            var name = Name(asked++);
            var answer = await client.DemandAsync(name);
            Assert.Equal([name], answer.Names);
        }

        async Task TakeAsync()
        {
            var answer = await client.TakeAsync();
            if (answer.TypeUrl == TypeUrls.HostDemand) answered.UnionWith(answer.Names);
        }
    }

    private static string Name(int number) => $"h{number}";

    private static string Yaml() => string.Join("\n---\n", Enumerable.Range(0, Hosts).Select(i => $$"""
        { kind: Service, apiVersion: v1, metadata: { name: h{{i}}, namespace: app }, spec: { selector: { app: h{{i}} }, ports: [ { port: 80, name: http } ] } }
        """).Append("""
        { kind: MeshConfig, apiVersion: mesh.orleans.io/v1, metadata: { name: default, namespace: istio-system }, spec: { autoScope: true } }
        """));

    private static IEnumerable<Workload> Members() => Enumerable.Range(0, Hosts).Select(i => Member(i, 0));

    private static Workload Member(int number, int place) =>
        TestMesh.Workload("app", $"m-{number}", $"10.0.{place}.{number + 1}", $"app=h{number}");

    private static Model.Config.ConfigResource Route(int number, int weight) => TestMesh.Of(
        $$"""
        kind: VirtualService
        apiVersion: networking.istio.io/v1
        metadata: { name: r{{number}}, namespace: app }
        spec: { hosts: [ h{{number}} ], http: [ { route: [ { destination: { host: h{{number}} }, headers: { request: { set: { x: "{{weight}}" } } } } ] } ] }
        """,
        []).Snapshot.Config.Values.Single();
}
