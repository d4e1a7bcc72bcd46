using System.Collections.Immutable;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Config.Reading;

namespace MeshOrleans.Model.Config;

/// <summary>A kind of resource that the mesh understands.</summary>
public sealed record ConfigKind
{
    private ConfigKind(
        string name, ImmutableArray<string> apiVersions, Func<ObjectReader, ConfigSpec> read, string? writtenAs = null) =>
        (Name, ApiVersions, Read, WrittenAs) = (name, apiVersions, read, writtenAs ?? name);

    private static readonly ImmutableArray<string> Networking =
        ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

    private static readonly ImmutableArray<string> Security = ["security.istio.io/v1", "security.istio.io/v1beta1"];
    private static readonly ImmutableArray<string> Telemetries =
        ["telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"];
    private static readonly ImmutableArray<string> GatewayApis =
        ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"];

    private static readonly ImmutableArray<string> TlsRoutes =
        ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha3", "gateway.networking.k8s.io/v1alpha2"];

    private static readonly ImmutableArray<string> Own = ["mesh.orleans.io/v1"];

    /// <summary>All kinds, by name.</summary>
    public static ImmutableSortedDictionary<string, ConfigKind> All { get; } = new ConfigKind[]
    {
        new("VirtualService", Networking, VirtualServiceReader.Read),
        new("DestinationRule", Networking, DestinationRuleReader.Read),
        new("Gateway", Networking, GatewayReader.Read),
        new("ServiceEntry", Networking, ServiceEntryReader.Read),
        new("WorkloadEntry", Networking, WorkloadReader.Entry),
        new("WorkloadGroup", Networking, WorkloadReader.Group),
        new("Sidecar", Networking, SidecarReader.Read),
        new("ProxyConfig", ["networking.istio.io/v1beta1"], ProxyConfigReader.Read),
        new("PeerAuthentication", Security, SecurityReader.PeerAuthentication),
        new("RequestAuthentication", Security, SecurityReader.RequestAuthentication),
        new("AuthorizationPolicy", Security, SecurityReader.AuthorizationPolicy),
        new("Telemetry", Telemetries, TelemetryReader.Read),
        new("Service", ["v1"], KubernetesReader.Service),
        new("Deployment", ["apps/v1"], KubernetesReader.Deployment),
        new("Namespace", ["v1"], KubernetesReader.Namespace),
        new("HealthCheck", Own, MeshReader.HealthCheck),
        new("Lane", Own, LaneReader.Read),
        new(RequestRoute.HttpKind, GatewayApis, RequestRouteReader.Http),
        new(RequestRoute.GrpcKind, [.. GatewayApis, "gateway.networking.k8s.io/v1alpha2"], RequestRouteReader.Grpc),
        new(ConnectionRoute.TlsKind, TlsRoutes, ConnectionRouteReader.Tls),
        new(ConnectionRoute.TcpKind, ["gateway.networking.k8s.io/v1alpha2", "gateway.networking.k8s.io/v1"], ConnectionRouteReader.Tcp),
        new(KubernetesGateway.KeyKind, GatewayApis, KubernetesGatewayReader.Gateway, "Gateway"),
        new("GatewayClass", GatewayApis, KubernetesGatewayReader.Class),
        new("ReferenceGrant", GatewayApis, KubernetesGatewayReader.Grant),
        new("MeshConfig", Own, MeshReader.MeshConfig),
        new("RateLimit", Own, MeshReader.RateLimit),
        new("ServiceExport", Own, MeshReader.ServiceExport),
    }.ToImmutableSortedDictionary(kind => kind.Name, kind => kind, StringComparer.Ordinal);

    /// <summary>Its name in keys, e.g. <c>VirtualService</c>.</summary>
    public string Name { get; }

    /// <summary>Its name in manifests: the same, but where two APIs have a kind of one name.</summary>
    public string WrittenAs { get; }

    /// <summary>Whether its resources belong to no namespace; their keys name them twice.</summary>
    public bool IsClusterScoped => Name is "Namespace" or "GatewayClass";

    /// <summary>The apiVersions it may be written in, all alike; the first is the one it is stored in.</summary>
    public ImmutableArray<string> ApiVersions { get; }

    internal Func<ObjectReader, ConfigSpec> Read { get; }

    /// <summary>
    /// The kind that a manifest names; where two APIs have one of that name, the one with the apiVersion. Null when there
    /// is none.
    /// </summary>
    internal static ConfigKind? Find(string writtenAs, string apiVersion)
    {
        var named = All.Values.Where(kind => kind.WrittenAs == writtenAs).ToList();
        return named.Find(kind => kind.ApiVersions.Contains(apiVersion)) ?? named.FirstOrDefault();
    }

    /// <summary>Why a kind that other meshes have is refused here; null when it is simply unknown.</summary>
    internal static string? Refusal(string kind) => kind switch
    {
        "EnvoyFilter" =>
            "EnvoyFilter is unsupported by this data plane, which is no Envoy: use VirtualService, DestinationRule, "
            + "AuthorizationPolicy or Telemetry for what it should do",
        "WasmPlugin" => "WasmPlugin is unsupported by this data plane, which is no Envoy: use AuthorizationPolicy or "
            + "RequestAuthentication for access, VirtualService headers for rewriting",
        "UDPRoute" => "UDPRoute is unsupported: this data plane carries no datagrams, which go past the mesh; use "
            + "TCPRoute for what also speaks TCP",
        _ => null,
    };
}
