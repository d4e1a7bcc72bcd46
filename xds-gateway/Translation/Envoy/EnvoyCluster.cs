using System.Net;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Envoy;

/// <summary>Makes the clusters that a stock Envoy gets in another form, or besides.</summary>
internal static class EnvoyCluster
{
    /// <summary>
    /// The address from which Envoy connects to its own workload; Istio's rules of redirection let it pass.
    /// </summary>
    private const string OwnSource = "127.0.0.6";

    public static Cluster Translate(ProxyView view, OutboundCluster source)
    {
        if (!CanCall(view, source)) return Nobody(source.Name);
        var cluster = ClusterTranslator.Outbound(view, source);
        if (cluster.Type is Cluster.Types.DiscoveryType.LogicalDns && HostsOf(cluster) != 1)
        {
            cluster.Type = Cluster.Types.DiscoveryType.StrictDns; // Envoy takes just one host for the other
        }

        return cluster;
    }

    /// <summary>The endpoints of a cluster that asks for them; null for others.</summary>
    public static ClusterLoadAssignment? Endpoints(ProxyView view, OutboundCluster source) =>
        source.HasEndpoints && CanCall(view, source) ? ClusterLoadAssignmentTranslator.Translate(view, source) : null;

    /// <summary>
    /// One cluster per member where clients choose the member themselves: that is what a service without a virtual
    /// address is for. Connections to it keep their member, and have mesh mTLS like all others.
    /// </summary>
    public static IEnumerable<Cluster> Members(ProxyView view, OutboundCluster source)
    {
        foreach (var member in MembersOf(view, source))
        {
            var one = source with { Endpoints = [member], Lanes = ClusterLanes.None };
            var cluster = ClusterTranslator.Unchecked(view, one); // the client has chosen: there is nobody else to send to
            cluster.Name = NameOf(source, member);
            cluster.Type = Cluster.Types.DiscoveryType.Static;
            cluster.EdsClusterConfig = null;
            cluster.LoadAssignment = ClusterLoadAssignmentTranslator.Translate(view, one);
            cluster.LoadAssignment.ClusterName = cluster.Name;
            yield return cluster;
        }
    }

    /// <summary>The names of those clusters.</summary>
    public static IEnumerable<string> MemberNames(ProxyView view, OutboundCluster source) =>
        MembersOf(view, source).Select(member => NameOf(source, member));

    /// <summary>The members of a service that can be told by their address, by which they are also known.</summary>
    public static IEnumerable<ServiceEndpoint> LiteralMembers(ProxyView view, Service service, ServicePort port) =>
        view.Mesh.Registry.Endpoints(service, port)
            .Where(e => IPAddress.TryParse(e.Workload.Address, out _))
            .DistinctBy(e => e.Workload.Address);

    /// <summary>Sends to the port of the workload for which the connection was meant.</summary>
    public static Cluster InboundPassthrough() => new()
    {
        Name = ClusterName.InboundPassthrough,
        Type = Cluster.Types.DiscoveryType.OriginalDst,
        LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
        ConnectTimeout = new Duration { Seconds = 10 },
        CircuitBreakers = CircuitBreakerTranslator.Limits(ClusterPolicy.Default),
        UpstreamBindConfig = new() { SourceAddress = Addresses.Of(OwnSource, 0).SocketAddress },
    };

    /// <summary>
    /// Where mesh mTLS is demanded of a client that has no certificate, not to call at all is the only safe answer.
    /// </summary>
    private static bool CanCall(ProxyView view, OutboundCluster source) =>
        source.Policy.Tls is not { Mode: ClientTlsMode.IstioMutual } || view.Scope.ClientFiles is not null;

    private static IEnumerable<ServiceEndpoint> MembersOf(ProxyView view, OutboundCluster source) =>
        source is { Subset: null, HasEndpoints: true }
        && OutboundCluster.HasMemberClusters(source.Service, source.Port)
        && CanCall(view, source)
            ? source.Endpoints.DistinctBy(e => e.Workload.Address)
            : [];

    private static string NameOf(OutboundCluster source, ServiceEndpoint member) =>
        ClusterName.Member(source.Service.Host, source.Port.Number, member.Workload.Address);

    private static Cluster Nobody(string name) => new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Static,
        ConnectTimeout = new Duration { Seconds = 10 },
    };

    private static int HostsOf(Cluster cluster) => cluster.LoadAssignment.Endpoints.Sum(l => l.LbEndpoints.Count);
}
