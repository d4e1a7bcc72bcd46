using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>
/// Whatever happens to a mesh and to a stream, in whatever order: in the end the client holds exactly what a translation
/// from scratch gives, and nothing was sent that it held.
/// </summary>
public sealed class DeltaModelTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(8, true)]
    public async Task A_client_ends_with_what_the_mesh_is(int seed, bool takesPatches)
    {
        var random = new Random(seed);
        await using var host = await GatewayHost.StartAsync();
        foreach (var app in "abde") // enough for a patch to be worth it
        {
            for (var i = 10; i < 20; i++) host.Grains.Mesh.Put(TestMesh.Workload("app", $"{app}-{i}", $"10.0.{app - 'a'}.{i}", $"app={app}"));
        }

        await host.UntilAsync(() => host.Snapshots.Current.Version.Number == host.Grains.Mesh.Number, "the members are known");
        await using var mirror = new DeltaMirror(host, takesPatches);
        await mirror.OpenAsync();
        await mirror.SettleAsync(host.Snapshots.Current, "at the beginning");

        for (var step = 1; step <= Steps; step++)
        {
            await StepAsync(host, mirror, random, step);
            if (random.Next(3) > 0) await mirror.TakeAsync();
            if (step % 20 != 0) continue;
            await host.UntilAsync(() => host.Snapshots.Current.Version.Number == host.Grains.Mesh.Number, "the mesh is known");
            await mirror.SettleAsync(host.Snapshots.Current, $"seed {seed}, step {step}");
        }

        await ChangeWhatIsHeldAsync(host, mirror);
        Assert.Equal(takesPatches, mirror.Patches > 0);
    }

    // A change of endpoints that the client holds and has acknowledged, whatever happened before.
    private static async Task ChangeWhatIsHeldAsync(GatewayHost host, DeltaMirror mirror)
    {
        host.Grains.Mesh.Put(Config("kind: Service\napiVersion: v1\nmetadata: { name: a, namespace: app }\nspec: { selector: { app: a }, ports: [ { port: 80, name: http } ] }"), 100);
        await SettleAsync();
        foreach (var cluster in mirror.Clusters.Where(c => !mirror.Follows(c))) await mirror.ToggleAsync(cluster);
        await SettleAsync();
        host.Grains.Mesh.Put(TestMesh.Workload("app", "a-30", "10.0.0.30", "app=a"));
        await SettleAsync();

        async Task SettleAsync()
        {
            await host.UntilAsync(() => host.Snapshots.Current.Version.Number == host.Grains.Mesh.Number, "the mesh is known");
            await mirror.SettleAsync(host.Snapshots.Current, "at the end");
        }
    }

    private static async Task StepAsync(GatewayHost host, DeltaMirror mirror, Random random, int step)
    {
        var mesh = host.Grains.Mesh;
        var name = $"{"abde"[random.Next(4)]}";
        switch (random.Next(9))
        {
            case 0 or 1 or 2:
                var health = random.Next(4) == 0 ? WorkloadHealth.Unhealthy : WorkloadHealth.Healthy;
                mesh.Put(Member(random, name) with { Health = health });
                break;
            case 3:
                mesh.Remove($"workload/app/{Member(random, name).Name}");
                break;
            case 4:
                mesh.Put(Config($"kind: Service\napiVersion: v1\nmetadata: {{ name: {name}, namespace: app }}\nspec: {{ selector: {{ app: {name} }}, ports: [ {{ port: 80, name: http, targetPort: {8080 + random.Next(2)} }} ] }}"), step + 1);
                break;
            case 5:
                mesh.Remove($"config/Service/app/{name}");
                break;
            case 6:
                mesh.Put(Config($"kind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: {{ name: r, namespace: app }}\nspec: {{ hosts: [ {name} ], http: [ {{ timeout: {random.Next(1, 9)}s, route: [ {{ destination: {{ host: {name} }} }} ] }} ] }}"), step + 1);
                break;
            case 7 when mirror.Clusters is { Length: > 0 } clusters:
                await mirror.ToggleAsync(clusters[random.Next(clusters.Length)]);
                break;
            case 8:
                await mirror.ReopenAsync();
                break;
        }
    }

    private static Workload Member(Random random, string app)
    {
        var number = random.Next(1, 6);
        return TestMesh.Workload("app", $"{app}-{number}", $"10.0.{app[0] - 'a'}.{number}", $"app={app}");
    }

    private static ConfigResource Config(string yaml) => TestMesh.Of(yaml, []).Snapshot.Config.Values.Single();
}
