using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Tests.Translation.Envoy;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A stock Envoy is known by its node, and gets all that it needs to start.</summary>
public sealed class EnvoyClientTests
{
    private const string IstioId = AdsClient.NodeId;

    [Theory]
    [InlineData(IstioId, "envoy", "", true)]
    [InlineData("any-name", "envoy", "", true)]
    [InlineData(IstioId, "", "", true)] // Istio's form, and no word of what it is
    [InlineData(IstioId, "envoy", "1.27.0", true)]
    [InlineData("any-name", "", "", false)]
    [InlineData(IstioId, "test", "", false)] // our own sidecar is what all others are taken for
    [InlineData(IstioId, "mesh-sidecar", "", false)]
    [InlineData(IstioId, "", "mesh-orleans-1.0.0", false)]
    public async Task A_client_is_told_the_mesh_in_the_form_of_its_kind(string id, string agent, string version, bool isEnvoy)
    {
        await using var host = await GatewayHost.StartAsync(EnvoyMesh.Mesh.Snapshot);
        await using var client = host.Sotw();
        var node = Node(id, agent);
        if (version.Length > 0) node.Metadata.Fields["ISTIO_VERSION"] = Value.ForString(version);

        await client.SendAsync(TypeUrls.Listener, [], node: node);

        var listeners = await client.NextAsync(TypeUrls.Listener);
        Assert.Equal(isEnvoy, listeners.Names.Contains("10.96.0.1_9000"));
        Assert.Equal(
            isEnvoy ? ["envoy.filters.listener.original_dst", "envoy.filters.listener.tls_inspector"] : ["envoy.filters.listener.tls_inspector"],
            listeners.Read<Listener>("virtualInbound").ListenerFilters.Select(f => f.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_gets_everything_that_it_waits_for_until_it_is_warm(bool isDelta)
    {
        await using var host = await GatewayHost.StartAsync(EnvoyMesh.Mesh.Snapshot);
        await using var client = isDelta ? host.Delta() : host.Sotw();
        var node = Node(IstioId, "envoy", "/certs");

        await (isDelta ? client.ChangeAsync(TypeUrls.Cluster, ["*"], node: node) : client.SendAsync(TypeUrls.Cluster, [], node: node));
        var clusters = await client.NextAsync(TypeUrls.Cluster);
        string[] waiting = [.. clusters.Names.Select(clusters.Read<Cluster>).Where(c => c.Type is Cluster.Types.DiscoveryType.Eds).Select(c => c.Name)];
        await client.AckAsync(clusters);
        Assert.Equal(waiting.Order(StringComparer.Ordinal), (await AskAsync(TypeUrls.ClusterLoadAssignment, waiting)).Names);
        var listeners = await AskAsync(TypeUrls.Listener, isDelta ? ["*"] : []);
        string[] tables = [.. listeners.Names.Select(listeners.Read<Listener>).SelectMany(RoutesOf).Distinct()];
        Assert.NotEmpty(waiting);
        Assert.Equal(["80"], tables);
        Assert.Equal(tables, (await AskAsync(TypeUrls.RouteConfiguration, tables)).Names);
        await client.SilenceAsync();

        async Task<Answer> AskAsync(string typeUrl, string[] names)
        {
            await (isDelta ? client.ChangeAsync(typeUrl, names) : client.SendAsync(typeUrl, names));
            var answer = await client.NextAsync(typeUrl);
            await client.AckAsync(answer, names);
            return answer;
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("/certs", false)]
    public async Task One_without_certificate_files_is_told_of(string folder, bool isTold)
    {
        await using var host = await GatewayHost.StartAsync(EnvoyMesh.Mesh.Snapshot);
        await using var client = host.Sotw();

        await client.SendAsync(TypeUrls.Listener, [], node: Node(IstioId, "envoy", folder));
        await client.NextAsync(TypeUrls.Listener);

        Assert.Equal(isTold, host.Log.Lines.Any(l => l.Text.Contains("names no certificate files for both ends", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Its_members_take_mesh_mTLS_only_when_it_has_files_for_it()
    {
        const string Identity = "spiffe://cluster.local/ns/app/sa/a";
        foreach (var folder in new[] { "", "/certs" })
        {
            await using var host = await GatewayHost.StartAsync(EnvoyMesh.Mesh.Snapshot);
            await using var client = host.Sotw(Identity);
            var node = Node(IstioId, "envoy", folder);
            node.Metadata.Fields["WORKLOAD_NAME"] = Value.ForString("a-1");
            node.Metadata.Fields["MESH_WORKLOAD"] = Value.ForStruct(new Struct { Fields = { ["address"] = Value.ForString("10.0.0.1") } });

            await client.SendAsync(TypeUrls.Listener, [], node: node);
            await client.NextAsync(TypeUrls.Listener);
            var workload = host.Grains.Workload("app/a-1");
            await host.UntilAsync(() => workload.Registration is not null, "the member is registered");

            Assert.Equal(folder.Length > 0, workload.Registration!.HasSidecar);
        }
    }

    private static IEnumerable<string> RoutesOf(Listener listener) =>
        from chain in listener.FilterChains
        from filter in chain.Filters
        where filter.TypedConfig.Is(HttpConnectionManager.Descriptor)
        let rds = filter.TypedConfig.Unpack<HttpConnectionManager>().Rds
        where rds is not null
        select rds.RouteConfigName;

    private static Node Node(string id, string agent, string folder = "")
    {
        var node = new Node { Id = id, UserAgentName = agent, Metadata = new Struct() };
        node.Metadata.Fields["NAMESPACE"] = Value.ForString("app");
        node.Metadata.Fields["LABELS"] = Value.ForStruct(new Struct { Fields = { ["app"] = Value.ForString("a") } });
        foreach (var end in folder.Length > 0 ? ["CLIENT", "SERVER"] : Array.Empty<string>())
        {
            foreach (var file in new[] { "CERT_CHAIN", "KEY", "ROOT_CERT" })
            {
                node.Metadata.Fields[$"TLS_{end}_{file}"] = Value.ForString($"{folder}/{file}");
            }
        }

        return node;
    }
}
