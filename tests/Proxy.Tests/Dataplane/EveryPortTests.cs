using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Edge;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>One backend that sends bodies back, behind every kind of port that takes requests.</summary>
public abstract class EveryPortTests : IAsyncLifetime
{
    private protected EchoBackend Backend { get; private set; } = null!;

    private protected TestProxy Sidecar { get; private set; } = null!;

    private protected EdgeGateway Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Backend = await EchoBackend.StartAsync();
        Backend.Answer = async (context, _) => await context.Request.Body.CopyToAsync(context.Response.Body);
        var cluster = Models.Cluster("c", Backend);
        var inbound = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Permissive, cluster);
        var outbound = Models.Outbound(Models.Table(Models.To("c")), cluster);
        Sidecar = await TestProxy.StartAsync(outbound with { Inbound = inbound.Inbound });
        Gateway = await EdgeGateway.StartAsync();
        await Gateway.ApplyAsync(
            [cluster],
            EdgeGateway.Listener("edge", new EdgeChainModel { Name = "http", Routes = Models.AnyHost(Models.To("c")) }));
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Sidecar.DisposeAsync();
        await Backend.DisposeAsync();
    }

    /// <summary>A sidecar's outbound port, its inbound port, and a gateway's.</summary>
    private protected int[] Ports() => [Sidecar.Server.OutboundPort, Sidecar.InboundPort, Gateway.PortOf("edge")];
}
