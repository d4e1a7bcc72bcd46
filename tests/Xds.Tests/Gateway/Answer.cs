using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>One response of either method.</summary>
internal sealed record Answer(
    string TypeUrl,
    string Version,
    string Nonce,
    ImmutableArray<(string Name, string Version, Any Content)> Resources,
    ImmutableArray<string> Removed)
{
    public IEnumerable<string> Names => Resources.Select(r => r.Name);

    public static Answer Of(DiscoveryResponse response) => new(
        response.TypeUrl,
        response.VersionInfo,
        response.Nonce,
        [.. response.Resources.Select(any => (NameOf(any), "", any))],
        []);

    public static Answer Of(DeltaDiscoveryResponse response) => new(
        response.TypeUrl,
        response.SystemVersionInfo,
        response.Nonce,
        [.. response.Resources.Select(r => (r.Name, r.Version, r.Resource_))],
        [.. response.RemovedResources]);

    public T Read<T>(string name)
        where T : IMessage<T>, new() => Resources.Single(r => r.Name == name).Content.Unpack<T>();

    private static string NameOf(Any any) => any.TypeUrl switch
    {
        TypeUrls.Cluster => any.Unpack<Cluster>().Name,
        TypeUrls.ClusterLoadAssignment => any.Unpack<ClusterLoadAssignment>().ClusterName,
        TypeUrls.Listener => any.Unpack<Listener>().Name,
        TypeUrls.RouteConfiguration => any.Unpack<RouteConfiguration>().Name,
        TypeUrls.Secret => any.Unpack<Secret>().Name,
        TypeUrls.NameTable => "name-table", // has no name of its own
        _ => throw new NotSupportedException(any.TypeUrl),
    };
}
