using System.Text.Json.Nodes;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>What a bootstrap file says of the member that it is for, in the names that Istio's agents use.</summary>
internal static class MemberNode
{
    private static readonly string[] LocalityParts = ["region", "zone", "sub_zone"];

    /// <param name="member">Whom it is for.</param>
    /// <param name="more">What its kind of client adds to the metadata.</param>
    public static JsonObject Of(WorkloadRequest member, params (string Name, JsonNode Value)[] more)
    {
        var ns = member.Namespace;
        var metadata = new JsonObject
        {
            ["NAMESPACE"] = ns,
            ["SERVICE_ACCOUNT"] = member.ServiceAccount ?? "default",
            ["WORKLOAD_NAME"] = member.Name,
            ["INSTANCE_IPS"] = member.Address,
            ["LABELS"] = Texts(member.Labels),
        };
        if (member.Network is { Length: > 0 } network) metadata["NETWORK"] = network;
        foreach (var (name, value) in more) metadata[name] = value;
        return new JsonObject
        {
            ["id"] = $"sidecar~{member.Address}~{member.Name}.{ns}~{ns}.svc.cluster.local",
            ["cluster"] = $"{member.Name}.{ns}",
            ["metadata"] = metadata,
        };
    }

    /// <summary>Where it is; empty when that is not known.</summary>
    public static JsonObject Locality(WorkloadRequest member) => Texts(
        LocalityParts.Zip((member.Locality ?? "").Split('/', 3))
            .Where(p => p.Second.Length > 0)
            .Select(p => KeyValuePair.Create(p.First, p.Second)));

    /// <summary>What it registers as.</summary>
    public static JsonObject Workload(WorkloadRequest member)
    {
        var workload = new JsonObject
        {
            ["address"] = member.Address,
            ["ports"] = new JsonObject(member.Ports.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        };
        if (member.Weight is { } weight) workload["weight"] = weight;
        if (member.LeaseSeconds is { } lease) workload["leaseSeconds"] = lease;
        if (member.Group is { Length: > 0 } group) workload["group"] = group;
        return workload;
    }

    private static JsonObject Texts(IEnumerable<KeyValuePair<string, string>> texts) =>
        new(texts.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value)));
}
