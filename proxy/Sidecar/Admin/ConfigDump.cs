using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>The accepted resources as JSON, by type and with their versions. Secrets are not among them.</summary>
internal sealed class ConfigDump(ModelHolder models, TimeProvider clock)
{
    private readonly JsonFormatter _formatter = new(
        JsonFormatter.Settings.Default.WithTypeRegistry(XdsTypes.Registry).WithPreserveProtoFieldNames(true));

    public void Write(Utf8JsonWriter json)
    {
        var (resources, status) = (models.Resources, models.Status);
        json.WriteString("source", $"{status.Source}");
        if (status.Age(clock.GetUtcNow()) is { } age) json.WriteNumber("ageSeconds", Math.Round(age.TotalSeconds, 3));
        json.WriteString("gateway", status.Gateway);
        json.WriteString("model", models.Model?.Version);
        json.WriteStartArray("warming");
        foreach (var name in status.Warming) json.WriteStringValue(name);
        json.WriteEndArray();

        json.WriteStartArray("configs");
        Type(json, status, TypeUrls.Listener, resources.Listeners.Values.Select(r => (r.Name, r.Version, r.Body)));
        Type(
            json, status, TypeUrls.RouteConfiguration, resources.Routes.Values.Select(
                r => (r.Name, r.Version, r.Body)));
        Type(json, status, TypeUrls.Cluster, resources.Clusters.Values.Select(r => (r.Name, r.Version, r.Body)));
        Type(
            json, status, TypeUrls.ClusterLoadAssignment, resources.Assignments.Values.Select(
                r => (r.Name, r.Version, r.Body)));
        json.WriteEndArray();
    }

    private void Type(
        Utf8JsonWriter json,
        ConfigStatus status,
        string typeUrl,
        IEnumerable<(string Name, string Version, Any Body)> resources)
    {
        var type = status.Types.GetValueOrDefault(typeUrl);
        json.WriteStartObject();
        json.WriteString("typeUrl", typeUrl);
        json.WriteString("version", type?.Version);
        if (type?.AcceptedAt is { } at) json.WriteString("acceptedAt", at);
        if (type?.Refusal is { } refusal) json.WriteString("refused", refusal);
        json.WriteStartArray("resources");
        foreach (var (name, version, body) in resources)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("version", version);
            json.WritePropertyName("resource");
            json.WriteRawValue(Format(body));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // An optional filter may be of a type that this sidecar does not know; the rest is worth showing all the same.
    private string Format(Any body)
    {
        try
        {
            return _formatter.Format(body);
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidProtocolBufferException)
        {
            return $$"""{"@type":"{{JsonEncodedText.Encode(body.TypeUrl)}}","unreadable":"{{JsonEncodedText.Encode(exception.Message)}}"}""";
        }
    }
}
