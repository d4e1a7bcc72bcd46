using System.Diagnostics;
using System.Net;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>What came back of one request.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers, TimeSpan Took)
{
    public int Code => (int)Status;

    /// <summary>The version that answered, as the echo says.</summary>
    public string Version => Headers.GetValueOrDefault("x-echo-version", "(not the echo)");

    /// <summary>The echo's account of the request it saw.</summary>
    public JsonElement Echo => JsonSerializer.Deserialize<JsonElement>(Body);
}

/// <summary>Sends requests as an application behind a sidecar would.</summary>
public static class Calls
{
    public static Task<Answer> GetAsync(this Member member, string url, params (string Name, string Value)[] headers) =>
        member.SendAsync(HttpMethod.Get, url, headers);

    public static async Task<Answer> SendAsync(
        this Member member, HttpMethod method, string url, params (string Name, string Value)[] headers)
    {
        // The URI goes out as it is written here: the sidecar is to normalise it, not this client.
        var uri = new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, uri);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var watch = Stopwatch.StartNew();
        using var response = await member.Client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var all = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key.ToLowerInvariant(), h => string.Join(',', h.Value));
        return new Answer(response.StatusCode, body, all, watch.Elapsed);
    }

    /// <summary>Sends many, a few at a time, and counts the answers by what <paramref name="by"/> says of them.</summary>
    public static async Task<Dictionary<string, int>> CountAsync(
        this Member member, string url, int count, Func<Answer, string> by, params (string Name, string Value)[] headers)
    {
        var counts = new Dictionary<string, int>();
        foreach (var batch in Enumerable.Range(0, count).Chunk(10))
        {
            foreach (var answer in await Task.WhenAll(batch.Select(_ => member.GetAsync(url, headers))))
            {
                counts[by(answer)] = counts.GetValueOrDefault(by(answer)) + 1;
            }
        }

        return counts;
    }

    /// <summary>How many requests with this key the member's application has seen.</summary>
    public static async Task<int> SeenAsync(this Member member, string key)
    {
        using var direct = new HttpClient();
        var stats = JsonSerializer.Deserialize<JsonElement>(
            await direct.GetStringAsync($"http://{member.Address}:{member.Spec.Port}/_stats"));
        return stats.GetProperty("byKey").TryGetProperty(key, out var count) ? count.GetInt32() : 0;
    }

    /// <summary>The body of the sidecar's access log so far.</summary>
    public static async Task<string> AccessLogAsync(this Member member) =>
        await File.ReadAllTextAsync(Path.Combine(member.StateDirectory, "access.log"));
}
