using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Finds out by its node what a client is: this decides on the form in which it is told the mesh, and on nothing else.
/// </summary>
/// <remarks>
/// Our own sidecar says so. A gRPC program says what Istio's bootstrap has it say. A stock Envoy is known by the name
/// that it always gives itself, or by an id of Istio's form that comes without any name. What is none of these is told
/// what our own sidecar is.
/// </remarks>
internal static class ClientKind
{
    private const int MaxPath = 1024;

    /// <summary>What Istio's bootstrap for gRPC programs has as GENERATOR.</summary>
    private const string Grpc = "grpc";

    private const string OwnAgent = "mesh-sidecar";
    private const string OwnVersion = "mesh-orleans-";
    private const string EnvoyAgent = "envoy";

    /// <param name="node">The node.</param>
    /// <param name="type">The first part of an id of Istio's form; null for other ids.</param>
    public static ProxyMode Of(Node node, string? type)
    {
        var metadata = node.Metadata ?? new Struct();
        if (ProxyNode.Text(metadata, "GENERATOR") == Grpc) return ProxyMode.Proxyless;
        if (type == "router") return ProxyMode.Gateway;
        if (IsOwn(node, metadata)) return ProxyMode.Sidecar;
        return node.UserAgentName == EnvoyAgent || (type is not null && node.UserAgentName.Length == 0)
            ? ProxyMode.Envoy
            : ProxyMode.Sidecar;
    }

    /// <summary>
    /// Where one end has its certificate: in secrets of Envoy's own form, by our names in the node's metadata, or in
    /// three files by Istio's names; null unless all are named in a usable way.
    /// </summary>
    /// <param name="metadata">The node's metadata.</param>
    /// <param name="end">CLIENT or SERVER.</param>
    public static CertificateSource? Files(Struct metadata, string end) =>
        Path(metadata, "MESH_SDS_CERTIFICATE") is { } secret && Path(metadata, "MESH_SDS_ROOTS") is { } trust
            ? new SecretFiles(secret, trust)
        : Path(metadata, $"TLS_{end}_CERT_CHAIN") is { } chain
        && Path(metadata, $"TLS_{end}_KEY") is { } key
        && Path(metadata, $"TLS_{end}_ROOT_CERT") is { } roots
            ? new CertificateFiles(chain, key, roots)
            : null;

    private static bool IsOwn(Node node, Struct metadata) =>
        node.UserAgentName == OwnAgent
        || ProxyNode.Text(metadata, "ISTIO_VERSION")?.StartsWith(OwnVersion, StringComparison.Ordinal) is true;

    private static string? Path(Struct metadata, string name) =>
        ProxyNode.Text(metadata, name) is { } path && NodeText.IsPrintable(path, MaxPath) ? path : null;
}
