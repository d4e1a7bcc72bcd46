using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>Holds what explain says of a request against what became of it.</summary>
internal sealed class Comparison(DrawnMesh mesh)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Sends the request and asks about it.</summary>
    /// <returns>Every difference; nothing when both say the same.</returns>
    public async Task<IReadOnlyList<string>> DifferencesAsync(DrawnRequest request, string id)
    {
        var tagged = request with { Headers = [.. request.Headers, ("x-request-id", id)] };
        var told = await Told.OfAsync(mesh.ControlPlane, tagged);
        if (told.Outcomes.Any(o => Text(o, "outcome") == "LeavesMesh" && !Text(o, "reason").Contains("which is no member", StringComparison.Ordinal))) return [];
        using var limit = new CancellationTokenSource(Limit);
        var port = request.From != "gateway" ? mesh.Members[request.From].OutboundPort : request.ServerName is null ? mesh.EdgePort : mesh.TlsPort;
        var answer = await (request.IsHttp2 ? Http2Client.SendAsync(port, tagged, limit.Token) : WireAnswer.OfAsync(port, tagged, limit.Token));
        if (await OutcomeAsync(told, answer, id) is { } difference) return [difference];
        return [.. OfEcho(request, told, answer), .. await OfRouteAsync(request, told, answer, id)];
    }

    // Null when something that may happen has happened.
    private async Task<string?> OutcomeAsync(Told told, WireAnswer answer, string id)
    {
        var heard = answer.Headers.TryGetValue("grpc-status", out var grpc) ? grpc : "";
        foreach (var outcome in told.Outcomes)
        {
            var (status, kind, reason) = (Number(outcome, "status"), Text(outcome, "outcome"), Text(outcome, "reason"));
            if (status != answer.Status || (kind is "Forwarded" or "LeavesMesh") != answer.IsEcho) continue;
            if ((Number(outcome, "grpcStatus") is var said and not 0 ? $"{said}" : "") != heard) continue;
            if (kind == "Redirected" && reason != $"is sent to {answer.Headers.GetValueOrDefault("location")}") continue;
            if (kind == "Denied" && !reason.Contains("refuses the token", StringComparison.Ordinal) && await DenialAsync(id) is { } denial && !reason.EndsWith(denial, StringComparison.Ordinal) && !reason.Contains(denial, StringComparison.Ordinal)) continue;
            return null;
        }

        var isPolicy = answer.Status == 403 && !answer.Headers.ContainsKey("www-authenticate");
        var policy = isPolicy ? await DenialAsync(id) : "";
        return $"sidecars {answer.Status} {heard} {answer.Workload} {answer.Headers.GetValueOrDefault("location")} {policy}, explain "
            + string.Join(" or ", told.Outcomes.Select(o => $"{Number(o, "status")} {Text(o, "outcome")}: {Text(o, "reason")}"))
            + string.Concat(new[] { mesh.Gateway.Process }.Concat(mesh.Members.Values.Select(m => m.Sidecar)).SelectMany(p => p.Lines(id)).Select(l => "\n    " + l));
    }

    private static IEnumerable<string> OfEcho(DrawnRequest request, Told told, WireAnswer answer)
    {
        if (answer.IsEcho && told.Workloads.Count > 0 && !told.Workloads.Contains(answer.Workload) && !told.Workloads.Contains("shop-0"))
        {
            yield return $"{answer.Workload} has answered, explain says {string.Join(", ", told.Workloads)}";
        }

        if (answer.Echo is not { } echo) yield break;
        var path = told.Path;
        if (Detail(told, "path becomes ") is { } rewritten)
        {
            var question = path.IndexOf('?');
            path = rewritten + (question < 0 ? "" : path[question..]);
        }

        if (Text(echo, "path") != path) yield return $"the backend saw {Text(echo, "path")}, explain says {path}";
        var host = HostFor(request, told, answer);
        if (!request.IsAbsolute && Text(echo, "host") != host) yield return $"the backend saw host {Text(echo, "host")}, explain says {host}";
        var headers = echo.GetProperty("headers");
        if (Entered(told) is { } lane && !(headers.TryGetProperty("baggage", out var baggage) && baggage.GetString()!.StartsWith($"mesh.lane={lane}", StringComparison.Ordinal)))
        {
            yield return $"explain says that it enters lane {lane}, and the backend saw no mark";
        }

        foreach (var detail in told.Details.Where(d => d.StartsWith("request header ", StringComparison.Ordinal)))
        {
            var name = detail.Split(' ')[2].ToLowerInvariant();
            var isThere = headers.TryGetProperty(name, out _);
            var isLeft = told.Details.Any(d => d.StartsWith($"request header {detail.Split(' ')[2]} is ", StringComparison.OrdinalIgnoreCase) && !d.EndsWith("removed", StringComparison.Ordinal));
            if (isThere != isLeft && !told.Clusters.Skip(1).Any()) yield return $"{detail}, and the backend saw {(isThere ? headers.GetProperty(name).GetString() : "none")}";
        }
    }

    // Null for one that does not, or of which chance decides.
    private static string? Entered(Told told) => told.Clusters.ToArray() is [var only]
        && only.TryGetProperty("lane", out var lane)
        && lane.ValueKind is JsonValueKind.Object
        && Text(lane, "cause") == "Entered"
            ? Text(lane, "name")
            : null;

    private async Task<IReadOnlyList<string>> OfRouteAsync(DrawnRequest request, Told told, WireAnswer answer, string id)
    {
        if (answer.Status == 0 || told.Outbound is null) return [];
        var process = request.From == "gateway" ? mesh.Gateway.Process : mesh.Members[request.From].Sidecar;
        if (answer.Status == 400 && answer.Headers.Count <= 3 && told.Outcomes.Any(o => Text(o, "outcome") == "BadRequest")) return [];
        var line = await LineAsync([process], id, line => request.From == "gateway" || !IsInbound(line));
        var name = JsonSerializer.Deserialize<JsonElement>(line).GetProperty("route_name").GetString() ?? "";
        return name == (told.Route ?? "") ? [] : [$"route {name} has taken it, explain says {told.Route}\n    {line}"];
    }

    // A sidecar of who calls itself writes two lines.
    private static bool IsInbound(string line) =>
        line.Contains("\"upstream_cluster\":\"inbound", StringComparison.Ordinal)
        || line.Contains("rbac_access_denied", StringComparison.Ordinal)
        || line.Contains("jwt_authn_access_denied", StringComparison.Ordinal);

    // As explain writes it.
    private async Task<string> DenialAsync(string id)
    {
        const string Before = "rbac_access_denied_matched_policy[";
        var line = await LineAsync([mesh.Gateway.Process, .. mesh.Members.Values.Select(m => m.Sidecar)], id, text => text.Contains(Before, StringComparison.Ordinal));
        var at = line.IndexOf(Before, StringComparison.Ordinal) + Before.Length;
        var rule = line[at..line.IndexOf("\",", at, StringComparison.Ordinal)][..^1];
        return rule == "none"
            ? "no rule allows it"
            : $"by AuthorizationPolicy {rule.Replace("ns[", "").Replace("]-policy[", "/").Replace("]-rule", "")}";
    }

    private static async Task<string> LineAsync(MeshProcess[] processes, string id, Func<string, bool> isIt)
    {
        for (var end = DateTime.UtcNow + Limit; DateTime.UtcNow < end; await Task.Delay(5))
        {
            var found = processes.SelectMany(p => p.Lines(id)).FirstOrDefault(isIt);
            if (found is not null) return found;
        }

        throw new TimeoutException($"No access log has a line of request {id}.");
    }

    // Of several destinations one may have a host of its own: "host becomes HOST for CLUSTER".
    private static string HostFor(DrawnRequest request, Told told, WireAnswer answer)
    {
        const string Start = "host becomes ";
        foreach (var detail in told.Details.Where(d => d.StartsWith(Start, StringComparison.Ordinal)))
        {
            var parts = detail[Start.Length..].Split(" for ");
            var service = answer.Workload.Split('-')[0];
            if (parts.Length == 1 || parts[1].Split('|')[^1].StartsWith($"{service}.", StringComparison.Ordinal)) return parts[0];
        }

        return request.Host;
    }

    private static string? Detail(Told told, string start) =>
        told.Details.FirstOrDefault(d => d.StartsWith(start, StringComparison.Ordinal)) is { } detail ? detail[start.Length..] : null;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetInt32() : 0;
}
