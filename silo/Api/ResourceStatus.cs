using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Routing.GatewayApi;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// The <c>status</c> of resources of the Gateway API, as Kubernetes writes it. It is worked out when it is asked for and
/// stored nowhere; in a manifest that is applied it is ignored.
/// </summary>
internal sealed class ResourceStatus
{
    // As ConfigJson writes.
    private static readonly JsonSerializerOptions _writing =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<MeshSnapshot> _snapshot;
    private readonly Lazy<AttachmentPlaces> _places;
    private readonly Lazy<RouteConflicts> _conflicts;

    /// <param name="snapshot">The mesh, with its configuration as it is saved; not asked for where no resource has a status.</param>
    public ResourceStatus(Func<MeshSnapshot> snapshot)
    {
        _snapshot = new(snapshot);
        _places = new(() => AttachmentPlaces.Of(_snapshot.Value, ServiceRegistry.From(_snapshot.Value)));
        _conflicts = new(() => RouteConflicts.Of(RouteAge.OldestFirst(_snapshot.Value.Of<AttachedRoute>()), _places.Value));
    }

    /// <summary>
    /// The first condition of a resource that does not hold, in a word; <c>Accepted</c> when all do. Empty for one that
    /// has no status.
    /// </summary>
    public string Summary(ConfigResource resource)
    {
        var conditions = ConditionsOf(resource).ToList();
        return conditions.Count == 0 ? ""
            : conditions.Find(c => !c.Holds) is { } failing ? $"not {failing.Type}: {failing.Reason}"
            : StatusCondition.Accepted;
    }

    /// <summary>
    /// A resource's JSON with its status, and with its generation where Kubernetes has it: who waits compares that with
    /// the <c>observedGeneration</c> of a condition.
    /// </summary>
    public string AddToJson(string json, ConfigResource resource)
    {
        var root = JsonNode.Parse(json)!;
        (root as JsonObject)?.Remove("generation"); // as it is stored
        if (root["metadata"] is JsonObject metadata) metadata["generation"] = resource.Generation;
        if (Of(resource) is { } status) root["status"] = status;
        return root.ToJsonString(_writing);
    }

    /// <summary>A resource's YAML with its status and generation, where it has a status. JSON is YAML too.</summary>
    public string AddToYaml(string yaml, ConfigResource resource)
    {
        if (Of(resource) is not { } status) return yaml;
        const string Head = "metadata:\n";
        var at = yaml.IndexOf(Head, StringComparison.Ordinal) + Head.Length;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{yaml[..at]}  generation: {resource.Generation}\n{yaml[at..]}status: {status.ToJsonString()}\n");
    }

    private IEnumerable<StatusCondition> ConditionsOf(ConfigResource resource) => resource.Spec switch
    {
        AttachedRoute route => StatusOf(resource, route).SelectMany(p => p.Conditions),
        KubernetesGateway gateway => StatusOf(resource, gateway) is { } status
            ? status.Conditions.Concat(status.Listeners.SelectMany(l => l.Conditions))
            : [],
        GatewayClass { IsOurs: true } => [Accepted],
        _ => [],
    };

    private static StatusCondition Accepted { get; } =
        new(StatusCondition.Accepted, true, "Accepted", "Gateways of this class are this mesh's");

    private JsonObject? Of(ConfigResource resource) => resource.Spec switch
    {
        AttachedRoute route => Of(StatusOf(resource, route), resource.Generation),
        KubernetesGateway gateway when StatusOf(resource, gateway) is { } status => Of(status, resource.Generation),
        GatewayClass { IsOurs: true } =>
            new JsonObject { ["conditions"] = Conditions([Accepted], resource.Generation) },
        _ => null,
    };

    private ImmutableArray<ParentStatus> StatusOf(ConfigResource resource, AttachedRoute route) =>
        RouteStatus.Of(resource, route, _places.Value, _conflicts.Value);

    private GatewayStatus? StatusOf(ConfigResource resource, KubernetesGateway gateway) =>
        GatewayStatus.Of(resource, gateway, _snapshot.Value, _places.Value);

    private static JsonObject Of(ImmutableArray<ParentStatus> parents, long generation) => new()
    {
        ["parents"] = Array(parents.Select(parent => new JsonObject
        {
            ["parentRef"] = Reference(parent.Parent),
            ["controllerName"] = GatewayClass.Controller,
            ["conditions"] = Conditions(parent.Conditions, generation),
        })),
    };

    private static JsonObject Of(GatewayStatus status, long generation) => new()
    {
        ["conditions"] = Conditions(status.Conditions, generation),
        ["listeners"] = Array(status.Listeners.Select(listener => new JsonObject
        {
            ["name"] = listener.Name,
            ["attachedRoutes"] = listener.AttachedRoutes,
            ["supportedKinds"] = Array(listener.Kinds.Select(kind => kind.Split('/')).Select(kind => new JsonObject
            {
                ["group"] = kind[0],
                ["kind"] = kind[1],
            })),
            ["conditions"] = Conditions(listener.Conditions, generation),
        })),
    };

    private static JsonArray Conditions(ImmutableArray<StatusCondition> conditions, long generation) =>
        Array(conditions.Select(condition => new JsonObject
        {
            ["type"] = condition.Type,
            ["status"] = condition.Holds ? "True" : "False",
            ["observedGeneration"] = generation,
            ["reason"] = condition.Reason,
            ["message"] = condition.Message,
        }));

    private static JsonArray Array(IEnumerable<JsonObject> items)
    {
        var array = new JsonArray();
        foreach (var item in items) array.Add((JsonNode)item);
        return array;
    }

    private static JsonObject Reference(ParentReference parent)
    {
        var json = new JsonObject { ["group"] = parent.Group, ["kind"] = parent.Kind, ["name"] = parent.Name };
        if (parent.Namespace.Length > 0) json["namespace"] = parent.Namespace;
        if (parent.SectionName.Length > 0) json["sectionName"] = parent.SectionName;
        if (parent.Port is { } port) json["port"] = port;
        return json;
    }
}
