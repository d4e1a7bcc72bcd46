using System.Net;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Samples.Demo;

/// <summary>The rows of the demo: each sends real traffic and judges what came back.</summary>
internal sealed class DemoRows(DemoMesh mesh)
{
    private const string UserService = "http://user-service/";

    /// <summary>All rows in the order they are shown.</summary>
    public IEnumerable<Func<Task<DemoRow>>> All =>
    [
        SplitAsync, HeaderRouteAsync, MutualTlsAsync, AllowedAsync, RefusedAsync, PlaintextAsync, VmAsync, RemoteAsync,
        RotationAsync, OutageAsync, SyncedAsync,
    ];

    private async Task<DemoRow> SplitAsync()
    {
        const int Requests = 1000;
        var versions = await CountVersionsAsync(mesh.Orders.Client, UserService, Requests);
        var v2 = 100.0 * versions.GetValueOrDefault("v2") / Requests;
        return new DemoRow(
            "weighted split (s000-routing.yaml)",
            "v1 90 %, v2 10 %",
            $"v1 {100.0 * versions.GetValueOrDefault("v1") / Requests:F1} %, v2 {v2:F1} % of {Requests} requests",
            Math.Abs(v2 - 10) <= 3 && versions.Values.Sum() == Requests);
    }

    private async Task<DemoRow> HeaderRouteAsync()
    {
        const int Requests = 100;
        var versions = await CountVersionsAsync(mesh.Orders.Client, UserService, Requests, ("user-type", "vip"));
        return new DemoRow(
            "header user-type: vip",
            "always v2",
            $"v2 {versions.GetValueOrDefault("v2")} of {Requests}",
            versions.GetValueOrDefault("v2") == Requests);
    }

    private async Task<DemoRow> MutualTlsAsync()
    {
        var answer = await GetAsync(mesh.Orders.Client, UserService);
        var peer = PeerOf(answer);
        return new DemoRow(
            "mTLS peer at user-service",
            "spiffe://cluster.local/ns/default/sa/order-service",
            peer,
            peer == "spiffe://cluster.local/ns/default/sa/order-service");
    }

    private async Task<DemoRow> AllowedAsync()
    {
        var answer = await GetAsync(mesh.Orders.Client, "http://payment-service.production/");
        return new DemoRow(
            "order-service -> payment-service",
            "200, caller spiffe://cluster.local/ns/default/sa/order-service",
            $"200, caller {PeerOf(answer)}",
            PeerOf(answer) == "spiffe://cluster.local/ns/default/sa/order-service");
    }

    private async Task<DemoRow> RefusedAsync()
    {
        using var response = await mesh.Stranger.Client.GetAsync("http://payment-service.production/");
        var body = (await response.Content.ReadAsStringAsync()).Trim();
        return new DemoRow(
            "stranger -> payment-service",
            "403 RBAC: access denied",
            $"{(int)response.StatusCode} {body}",
            response.StatusCode is HttpStatusCode.Forbidden && body == "RBAC: access denied");
    }

    private async Task<DemoRow> PlaintextAsync()
    {
        var heard = await Plaintext.GetAsync(mesh.Payments.Address, mesh.Payments.InboundPort);
        return new DemoRow(
            "plaintext -> payment-service (STRICT)",
            "connection closed, not one byte of HTTP",
            heard.Length == 0 ? "connection closed, 0 bytes" : $"{heard.Length} bytes: {heard}",
            heard.Length == 0);
    }

    private async Task<DemoRow> VmAsync()
    {
        var answer = await GetAsync(mesh.Orders.Client, "http://billing/");
        return new DemoRow(
            "VM joined over REST",
            "billing answers as 'vm', caller verified",
            $"{answer.GetProperty("service").GetString()} answers as "
            + $"'{answer.GetProperty("version").GetString()}', caller {PeerOf(answer)}",
            answer.GetProperty("version").GetString() == "vm"
            && PeerOf(answer).EndsWith("/sa/order-service", StringComparison.Ordinal));
    }

    private async Task<DemoRow> RemoteAsync()
    {
        var answer = await GetAsync(mesh.Orders.Client, "http://inventory.warehouse/");
        return new DemoRow(
            "service of the second mesh",
            "inventory answers; each root vouches for its own mesh",
            $"{answer.GetProperty("service").GetString()} answers, caller seen there: {PeerOf(answer)}",
            answer.GetProperty("service").GetString() == "inventory"
                && PeerOf(answer) == "spiffe://cluster.local/ns/default/sa/order-service");
    }

    private async Task<DemoRow> RotationAsync()
    {
        const string Identity = "spiffe://cluster.local/ns/default/sa/user-service";
        var before = await SerialsAsync(Identity);
        await using var load = new Load(mesh.Orders.Client, UserService, perSecond: 200);
        await load.MoreAsync(100);
        using var asked = await mesh.First.Api.PostAsync($"/v1/identities/{Identity}/rotate", content: null);
        asked.EnsureSuccessStatusCode();
        await mesh.First.WaitForAsync(
            "/v1/identities",
            identities => !SerialsIn(identities, Identity).Overlaps(before),
            $"the rotation of {Identity}");
        await load.MoreAsync(300);
        var changed = (await SerialsAsync(Identity)).Except(before).Count();
        return new DemoRow(
            "certificates rotated under load",
            "2 new serials, 0 failed requests",
            $"{changed} new serials, {load.Failed} failed of {load.Sent} requests",
            changed == 2 && load.Failed == 0);
    }

    private async Task<DemoRow> OutageAsync()
    {
        var revision = await mesh.First.RevisionAsync();
        await using var load = new Load(mesh.Orders.Client, UserService, perSecond: 200);
        await load.MoreAsync(50);
        mesh.First.Process.Kill();
        await load.MoreAsync(400);
        await mesh.First.RestartAsync();
        await mesh.First.WaitForAsync(
            "/v1/proxies",
            proxies => proxies.GetArrayLength() >= 6 && proxies.EnumerateArray().All(IsSynced),
            "every proxy SYNCED after the restart",
            seconds: 60);
        await load.MoreAsync(50);
        var after = await mesh.First.RevisionAsync();
        return new DemoRow(
            "control plane kill -9 and restart",
            $"0 failed requests, revision stays {revision}",
            $"{load.Failed} failed of {load.Sent} requests, revision {after}",
            load.Failed == 0 && after == revision);
    }

    private async Task<DemoRow> SyncedAsync()
    {
        var proxies = await mesh.First.GetAsync("/v1/proxies");
        var synced = proxies.EnumerateArray().Count(IsSynced);
        return new DemoRow(
            "proxies",
            "all SYNCED",
            $"{synced} of {proxies.GetArrayLength()} SYNCED",
            synced == proxies.GetArrayLength());
    }

    private static bool IsSynced(JsonElement proxy) => proxy.GetProperty("status").GetString() == "SYNCED";

    private static async Task<Dictionary<string, int>> CountVersionsAsync(
        HttpClient client, string url, int requests, (string Name, string Value)? header = null)
    {
        var counts = new Dictionary<string, int>();
        foreach (var batch in Enumerable.Range(0, requests).Chunk(20))
        {
            foreach (var version in await Task.WhenAll(batch.Select(_ => VersionAsync(client, url, header))))
            {
                counts[version] = counts.GetValueOrDefault(version) + 1;
            }
        }

        return counts;
    }

    private static async Task<string> VersionAsync(HttpClient client, string url, (string Name, string Value)? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (header is { } h) request.Headers.Add(h.Name, h.Value);
        using var response = await client.SendAsync(request);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(
                await response.Content.ReadAsStringAsync()).GetProperty("version").GetString()!
            : $"HTTP {(int)response.StatusCode}";
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string url)
    {
        using var response = await client.GetAsync(url);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new InvalidOperationException($"{url} answered {(int)response.StatusCode}: {text}");
    }

    /// <summary>Who the receiving sidecar says called, as the application behind it saw it.</summary>
    private static string PeerOf(JsonElement answer) =>
        answer.GetProperty("headers").TryGetProperty("x-forwarded-client-cert", out var xfcc)
        && xfcc.GetString() is { } text && text.IndexOf("URI=", StringComparison.Ordinal) is >= 0 and var start
            ? text[(start + 4)..].Split(';', ',')[0]
            : "(none)";

    private async Task<HashSet<string>> SerialsAsync(string identity) =>
        SerialsIn(await mesh.First.GetAsync("/v1/identities"), identity);

    private static HashSet<string> SerialsIn(JsonElement identities, string identity) =>
    [
        .. identities.EnumerateArray()
            .Where(i => i.GetProperty("spiffeId").GetString() == identity)
            .Select(i => i.GetProperty("serial").GetString()!),
    ];
}
