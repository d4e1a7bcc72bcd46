using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>What the control plane says of ports whose protocol nobody has declared.</summary>
public sealed class UndeclaredPortReaderTests
{
    [Fact]
    public void An_inbound_port_says_where_its_bytes_go()
    {
        var port = Read(new TcpProxy { Cluster = "inbound|8080||", IdleTimeout = new() { Seconds = 5 } });

        Assert.Equal(
            (true, true, "inbound|8080||", TimeSpan.FromSeconds(5)), (port.IsHttp, port.MayBeBytes, port.TcpCluster, port.Relay.IdleTimeout));
    }

    [Fact]
    public void An_inbound_port_leads_to_one_cluster()
    {
        var refused = Assert.Throws<UnusableResourceException>(() => Read(new TcpProxy
        {
            WeightedClusters = new() { Clusters = { new[] { "a", "b" }.Select(Half) } },
        }));

        Assert.Contains("metadata: port 8080 leads to several clusters", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_says_where_its_bytes_go_and_others_say_nothing()
    {
        var table = MeshResources.Routes("80", "c");
        Assert.Empty(RouteReader.Read(table, FieldPath.Root).Bytes);

        table.VirtualHosts[0].Metadata = Saying(new TcpProxy { Cluster = "c" });

        var (host, chain) = Assert.Single(RouteReader.Read(table, FieldPath.Root).Bytes);
        Assert.Equal((table.VirtualHosts[0].Name, "c"), (host, Assert.Single(chain.Clusters.Clusters).Name));
    }

    private static InboundPortModel Read(TcpProxy bytes)
    {
        var listener = MeshResources.InboundListener();
        foreach (var isTls in new[] { true, false })
        {
            var chain = MeshResources.InboundChain(8080, isTls);
            chain.Metadata = Saying(bytes);
            listener.FilterChains.Add(chain);
        }

        return Assert.IsType<ListenerTemplate.Inbound>(ListenerReader.Read(listener, FieldPath.Root)).Ports.Single().Model;
    }

    private static MeshOrleans.Xds.Protocol.Core.Metadata Saying(TcpProxy bytes) =>
        new() { TypedFilterMetadata = { [UndeclaredPort.Metadata] = Any.Pack(bytes) } };

    private static TcpProxy.Types.WeightedCluster.Types.ClusterWeight Half(string name) => new() { Name = name, Weight = 1 };
}
