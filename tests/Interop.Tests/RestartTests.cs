using MeshOrleans.Interop.Tests.Foreign;

namespace MeshOrleans.Interop.Tests;

/// <summary>A control plane that is killed costs foreign programs nothing, and they find it again by themselves.</summary>
[Collection(nameof(InteropMesh))]
public sealed class RestartTests(InteropMesh mesh)
{
    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task Calls_go_on_while_the_control_plane_is_away_and_news_come_when_it_is_back(ForeignKind kind)
    {
        var (peer, service) = (mesh[kind], $"restart-{InteropMesh.NameOf(kind)}");
        await mesh.AddServiceAsync(service);
        await mesh.AddBackendAsync(kind, service, "before");
        var channel = await mesh.OpenAsync(kind, service);
        await peer.LoadAsync(channel);
        await ProgressAsync(t => t.Count > 20, "calls");

        mesh.ControlPlane.Process.Kill();
        await mesh.ControlPlane.Process.WaitForExitAsync(TimeSpan.FromSeconds(30));
        var atLoss = (await peer.ProgressAsync(channel)).Count;
        await ProgressAsync(t => t.Count > atLoss + 50, "calls without a control plane");
        await mesh.ControlPlane.RestartAsync();
        await mesh.AddBackendAsync(kind, service, "after");
        await ProgressAsync(t => t.Of($"{service}-after") > 20, "calls to a member that came later");

        var tally = await peer.FinishAsync(channel);
        Assert.True(tally.AllOk, $"{tally}");
        await mesh.AssertContentAsync(kind);

        Task<Tally> ProgressAsync(Func<Tally, bool> wanted, string what) =>
            InteropMesh.EventuallyAsync(() => peer.ProgressAsync(channel), wanted, what);
    }
}
