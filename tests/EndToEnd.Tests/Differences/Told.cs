using System.Net.Http.Json;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>What explain says of one request.</summary>
internal sealed class Told(JsonElement all)
{
    /// <summary>The whole answer.</summary>
    public JsonElement All => all;

    /// <summary>Everything that may happen.</summary>
    public IReadOnlyList<JsonElement> Outcomes { get; } = [.. all.GetProperty("verdict").GetProperty("outcomes").EnumerateArray()];

    /// <summary>What the first proxy does, the client's sidecar or the gateway; null where it refuses the request.</summary>
    public JsonElement? Outbound { get; } = all.TryGetProperty("entry", out var entry) && entry.ValueKind is JsonValueKind.Object
        ? Present(entry.GetProperty("gateway"), "outbound")
        : Present(all, "outbound");

    /// <summary>What is in force beside the kind of action, half a sentence each.</summary>
    public IReadOnlyList<string> Details => Outbound is { } outbound && Present(outbound, "action") is { } action
        ? [.. action.GetProperty("details").EnumerateArray().Select(d => d.GetString()!)]
        : [];

    /// <summary>The name of the route that takes the request; null where none does.</summary>
    public string? Route => Outbound?.GetProperty("routes").EnumerateArray()
        .Where(r => r.GetProperty("verdict").GetString() == "Matched").Select(r => r.GetProperty("name").GetString()).FirstOrDefault();

    /// <summary>The clusters that it may go to.</summary>
    public IEnumerable<JsonElement> Clusters => all.TryGetProperty("entry", out var entry) && entry.ValueKind is JsonValueKind.Object
        ? entry.GetProperty("gateway").GetProperty("clusters").EnumerateArray()
        : all.GetProperty("clusters").EnumerateArray();

    /// <summary>The workloads whose application may get it.</summary>
    public IReadOnlySet<string> Workloads => Clusters.SelectMany(c => c.GetProperty("inbound").EnumerateArray())
        .Where(i => i.GetProperty("outcome").GetString() == "Forwarded")
        .SelectMany(i => i.GetProperty("workloads").EnumerateArray())
        .Select(w => w.GetString()![(w.GetString()!.IndexOf('/') + 1)..])
        .ToHashSet();

    /// <summary>Path and query as the backend gets them where nothing rewrites them.</summary>
    public string Path => all.GetProperty("destination").GetProperty("path").GetString()!;

    /// <summary>Asks.</summary>
    public static async Task<Told> OfAsync(ControlPlane controlPlane, DrawnRequest request)
    {
        var headers = request.Headers.GroupBy(h => h.Name.ToLowerInvariant(), h => h.Value).ToDictionary(g => g.Key, g => g.ToArray());
        object question = request.From == "gateway"
            ? new
            {
                gateway = request.ServerName is null ? "istio-system/gw" : "istio-system/tls", to = request.Host,
                protocol = request.ServerName is null ? "Http" : "Https", serverName = request.ServerName,
                method = request.Method, path = request.Target, headers, clientAddress = "127.0.0.1",
            }
            : new
            {
                from = request.From == "o" ? "other/o" : "app/a", to = request.Host, method = request.Method, path = request.Target, headers,
            };
        using var response = await controlPlane.Api.PostAsJsonAsync("/v1/explain", question);
        return response.IsSuccessStatusCode
            ? new Told(await response.Content.ReadFromJsonAsync<JsonElement>())
            : throw new InvalidOperationException($"{request} is not explained: {await response.Content.ReadAsStringAsync()}");
    }

    private static JsonElement? Present(JsonElement element, string name) =>
        element.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.Object ? found : null;
}
