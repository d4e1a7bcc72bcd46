using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// The <c>status</c> of resources of the Gateway API, as Kubernetes writes it. It is worked out when it is asked for and
/// stored nowhere; in a manifest that is applied it is ignored.
/// </summary>
internal static class ResourceStatus
{
    private const string Controller = "mesh.orleans.io/gateway-controller";

    /// <summary>The parents of a resource with their conditions; none for a kind that has no status.</summary>
    public static ImmutableArray<ParentStatus> Of(ConfigResource resource, ServiceRegistry services) =>
        resource.Spec is RequestRoute route ? RouteStatus.Of(resource, route, services) : [];

    /// <summary>The first condition that does not hold, in a word; <c>Accepted</c> when there is none, else empty.</summary>
    public static string Summary(ImmutableArray<ParentStatus> parents) =>
        parents.IsEmpty ? ""
        : parents.SelectMany(p => p.Conditions).FirstOrDefault(c => !c.Holds) is { } failing
            ? $"not {failing.Type}: {failing.Reason}"
            : StatusCondition.Accepted;

    /// <summary>A resource's JSON with its status.</summary>
    public static string AddToJson(string json, ImmutableArray<ParentStatus> parents)
    {
        if (parents.IsEmpty) return json;
        var root = JsonNode.Parse(json)!;
        root["status"] = new JsonObject { ["parents"] = new JsonArray([.. parents.Select(Entry)]) };
        return root.ToJsonString();
    }

    /// <summary>A resource's YAML with its status. JSON is YAML too.</summary>
    public static string AddToYaml(string yaml, ImmutableArray<ParentStatus> parents)
    {
        if (parents.IsEmpty) return yaml;
        var text = new StringBuilder(yaml).Append("status:\n  parents:\n");
        foreach (var parent in parents) text.Append("  - ").Append(Entry(parent).ToJsonString()).Append('\n');
        return text.ToString();
    }

    private static JsonNode Entry(ParentStatus status) => new JsonObject
    {
        ["parentRef"] = Reference(status.Parent),
        ["controllerName"] = Controller,
        ["conditions"] = new JsonArray([.. status.Conditions.Select(c => (JsonNode)new JsonObject
        {
            ["type"] = c.Type,
            ["status"] = c.Holds ? "True" : "False",
            ["reason"] = c.Reason,
            ["message"] = c.Message,
        })]),
    };

    private static JsonObject Reference(ParentReference parent)
    {
        var json = new JsonObject { ["group"] = parent.Group, ["kind"] = parent.Kind, ["name"] = parent.Name };
        if (parent.Namespace.Length > 0) json["namespace"] = parent.Namespace;
        if (parent.SectionName.Length > 0) json["sectionName"] = parent.SectionName;
        if (parent.Port is { } port) json["port"] = port;
        return json;
    }
}
