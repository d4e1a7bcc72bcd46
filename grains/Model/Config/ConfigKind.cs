using System.Collections.Immutable;
using MeshOrleans.Model.Config.Reading;

namespace MeshOrleans.Model.Config;

/// <summary>A kind of resource that the mesh understands.</summary>
public sealed record ConfigKind
{
    private ConfigKind(string name, ImmutableArray<string> apiVersions, Func<ObjectReader, ConfigSpec> read) =>
        (Name, ApiVersions, Read) = (name, apiVersions, read);

    private static readonly ImmutableArray<string> Networking =
        ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

    private static readonly ImmutableArray<string> Security = ["security.istio.io/v1", "security.istio.io/v1beta1"];
    private static readonly ImmutableArray<string> Telemetries =
        ["telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"];
    private static readonly ImmutableArray<string> GatewayApi =
        ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"];

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
        new("PeerAuthentication", Security, SecurityReader.PeerAuthentication),
        new("RequestAuthentication", Security, SecurityReader.RequestAuthentication),
        new("AuthorizationPolicy", Security, SecurityReader.AuthorizationPolicy),
        new("Telemetry", Telemetries, TelemetryReader.Read),
        new("Service", ["v1"], KubernetesReader.Service),
        new("Deployment", ["apps/v1"], KubernetesReader.Deployment),
        new("Namespace", ["v1"], KubernetesReader.Namespace),
        new("HTTPRoute", GatewayApi, RequestRouteReader.Http),
        new("MeshConfig", Own, MeshReader.MeshConfig),
        new("RateLimit", Own, MeshReader.RateLimit),
        new("ServiceExport", Own, MeshReader.ServiceExport),
    }.ToImmutableSortedDictionary(kind => kind.Name, kind => kind, StringComparer.Ordinal);

    /// <summary>Its name, e.g. <c>VirtualService</c>.</summary>
    public string Name { get; }

    /// <summary>The apiVersions it may be written in, all alike; the first is the one it is stored in.</summary>
    public ImmutableArray<string> ApiVersions { get; }

    internal Func<ObjectReader, ConfigSpec> Read { get; }

    /// <summary>Why a kind that other meshes have is refused here; null when it is simply unknown.</summary>
    internal static string? Refusal(string kind) => kind switch
    {
        "EnvoyFilter" =>
            "EnvoyFilter is unsupported by this data plane, which is no Envoy: use VirtualService, DestinationRule, "
            + "AuthorizationPolicy or Telemetry for what it should do",
        "WasmPlugin" => "WasmPlugin is unsupported by this data plane, which is no Envoy: use AuthorizationPolicy or "
            + "RequestAuthentication for access, VirtualService headers for rewriting",
        _ => null,
    };
}
