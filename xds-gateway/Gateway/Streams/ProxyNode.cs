using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Identity;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Translation.Scopes;
using ModelLocality = MeshOrleans.Model.Topology.Locality;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Who is at the other end of a stream: what its first request says, checked against what its certificate proves.
/// </summary>
internal sealed record ProxyNode
{
    private const int MaxEntries = 256;
    private const int MaxGroup = 128;

    public required string Id { get; init; }

    /// <summary>The proved identity; null on the plaintext port.</summary>
    public required SpiffeId? Identity { get; init; }

    /// <summary>What its configuration depends on.</summary>
    public required ProxyScope Scope { get; init; }

    /// <summary>The address in its id; empty when there is none.</summary>
    public string Address { get; init; } = "";

    public string WorkloadName { get; init; } = "";

    /// <summary>How it wants to be registered; null when it does not.</summary>
    public Struct? Workload { get; init; }

    /// <summary>The group that its workload names; empty when that is none that could be one.</summary>
    public string Group =>
        Workload is { } workload && Text(workload, "group") is { } group && NodeText.IsPrintable(group, MaxGroup)
            ? group
            : "";

    public string UserAgent { get; init; } = "";

    /// <summary>It asks for hosts that it has not been told of, before it gives up a request.</summary>
    public bool AsksOnDemand { get; init; }

    /// <summary>Of a resource that it holds, it takes what has changed alone.</summary>
    public bool TakesPatches { get; init; }

    /// <summary>Reads the node of a stream's first request.</summary>
    /// <exception cref="GrpcException">It has no id, or claims to be another than it is.</exception>
    public static ProxyNode Of(Node? node, SpiffeId? identity)
    {
        if (node is null || !NodeName.IsId(node.Id))
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"The first request carries no node.id of 1 to {NodeName.MaxLength} printable characters.");
        }

        NodeText.Check(node);

        // Istio's form: type~address~name.namespace~namespace.svc.domain; others may name themselves as they like.
        var parts = node.Id.Split('~') is { Length: 4 } four ? four : null;
        var metadata = node.Metadata ?? new Struct();
        var idNamespace = parts?[3].Split('.')[0];
        var ns = Own("namespace", identity, identity?.Namespace, [Text(metadata, "NAMESPACE"), idNamespace])
            ?? "default";
        var account = Own("service account", identity, identity?.ServiceAccount, [Text(metadata, "SERVICE_ACCOUNT")])
            ?? "default";
        var workload = Find(metadata, "MESH_WORKLOAD")?.StructValue;
        var ports = Ports(workload is null ? null : Find(workload, "ports")?.StructValue);
        var mode = ClientKind.Of(node, parts?[0]);
        return new ProxyNode
        {
            Id = node.Id,
            Identity = identity,
            Address = parts?[1] ?? "",
            WorkloadName = Text(metadata, "WORKLOAD_NAME") ?? "",
            Workload = workload,
            AsksOnDemand = mode is ProxyMode.Sidecar && Text(metadata, OnDemand.Metadata) == "true",
            TakesPatches = Text(metadata, ResourcePatches.Metadata) == "true",
            UserAgent = $"{node.UserAgentName} {node.UserAgentVersion}".Trim(),
            Scope = new ProxyScope
            {
                Mode = mode,
                Namespace = ns,
                ServiceAccount = account,
                Labels = Texts(Find(metadata, "LABELS")?.StructValue),
                Locality = node.Locality is { } l
                    ? new ModelLocality(l.Region, l.Zone, l.SubZone)
                    : ModelLocality.Unknown,
                Network = Text(metadata, "NETWORK") ?? "",
                Ports = ports,
                ClientFiles = mode is ProxyMode.Envoy ? ClientKind.Files(metadata, "CLIENT") : null,
                ServerFiles = mode is ProxyMode.Envoy ? ClientKind.Files(metadata, "SERVER") : null,
                BindAddress = mode is ProxyMode.Proxyless && ports.Count > 0 ? IpLiteral.Of(parts?[1]) ?? "" : "",
            },
        };
    }

    /// <summary>One field of a struct as text; null when it is missing, empty or no text.</summary>
    public static string? Text(Struct fields, string name) =>
        Find(fields, name)?.StringValue is { Length: > 0 } text ? text : null;

    /// <summary>One field of a struct; null when it is missing.</summary>
    public static Value? Find(Struct fields, string name) =>
        fields.Fields.TryGetValue(name, out var value) ? value : null;

    /// <summary>The fields of a struct that are whole numbers of a port's range.</summary>
    public static ImmutableSortedDictionary<string, int> Ports(Struct? fields) =>
        (fields?.Fields ?? []).Take(MaxEntries)
            .Where(f => f.Value.HasNumberValue && f.Value.NumberValue is >= 1 and <= 65_535)
            .ToImmutableSortedDictionary(f => f.Key, f => (int)f.Value.NumberValue, StringComparer.Ordinal);

    /// <summary>The fields of a struct that are texts; numbers and booleans as JSON writes them.</summary>
    public static ImmutableSortedDictionary<string, string> Texts(Struct? fields) =>
        (fields?.Fields ?? []).Take(MaxEntries)
            .Where(f => f.Value.KindCase
                is Value.KindOneofCase.StringValue
                or Value.KindOneofCase.NumberValue
                or Value.KindOneofCase.BoolValue)
            .ToImmutableSortedDictionary(f => f.Key, f => Write(f.Value), StringComparer.Ordinal);

    private static string Write(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.NumberValue => value.NumberValue.ToString(CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        _ => value.StringValue,
    };

    /// <summary>What the node claims, where it may: every claim must be what the certificate proves.</summary>
    private static string? Own(string what, SpiffeId? identity, string? proved, ReadOnlySpan<string?> claims)
    {
        string? claimed = null;
        foreach (var claim in claims)
        {
            if (string.IsNullOrEmpty(claim)) continue;
            if (identity is not null && claim != proved)
            {
                throw new GrpcException(
                    GrpcStatusCode.PermissionDenied,
                    $"The node claims {what} '{claim}', but its certificate is that of {identity}.");
            }

            claimed ??= claim;
        }

        if (identity is not null && proved is null)
        {
            throw new GrpcException(GrpcStatusCode.PermissionDenied, $"{identity} is not the identity of a workload.");
        }

        return proved ?? claimed;
    }
}
