using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Samples.Harness;

/// <summary>What one process of a control plane is to be.</summary>
public sealed record ControlPlaneSpec
{
    /// <summary>What it is called in errors.</summary>
    public string Name { get; init; } = "control plane";

    /// <summary>Where its state is, or will be.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the admin token is; null when it is with the state.</summary>
    public string? SecretsDirectory { get; init; }

    /// <summary>Its trust domain.</summary>
    public string TrustDomain { get; init; } = "cluster.local";

    /// <summary>Further flags of <c>mesh-silo</c>.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>The file that keeps which process it is, for whoever has to end it later; null for none.</summary>
    public string? Record { get; init; }

    /// <summary>Further variables.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
}

/// <summary>
/// A running process of a control plane, called as its users call it: over REST, with the admin credential.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private readonly ControlPlaneSpec _spec;
    private readonly ConcurrentQueue<MeshProcess> _ended = new();
    private MeshProcess _process;
    private readonly HttpClient _api;

    private ControlPlane(ControlPlaneSpec spec, MeshProcess process, JsonElement listening)
    {
        (_spec, _process) = (spec, process);
        Xds = ApiAddress = "";
        Adopt(listening);
        var token = File.ReadAllText(Path.Combine(spec.SecretsDirectory ?? DataDirectory, "admin-token")).Trim();
        _api = new HttpClient { BaseAddress = new Uri(ApiAddress), Timeout = TimeSpan.FromSeconds(30) };
        _api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>What it is called.</summary>
    public string Name => _spec.Name;

    /// <summary>Where its state is.</summary>
    public string DataDirectory => _spec.DataDirectory;

    /// <summary>Its trust domain.</summary>
    public string TrustDomain => _spec.TrustDomain;

    /// <summary>The REST API's address.</summary>
    public string ApiAddress { get; private set; }

    /// <summary>The TLS xDS port as <c>host:port</c>.</summary>
    public string Xds { get; private set; }

    /// <summary>The plaintext xDS port as <c>host:port</c>; null when it is off.</summary>
    public string? XdsPlain { get; private set; }

    /// <summary>The monitoring port's address.</summary>
    public string Monitoring { get; private set; } = "";

    /// <summary>The process.</summary>
    public MeshProcess Process => _process;

    /// <summary>What it has printed that has a text in it, before its restarts too, as far back as is kept.</summary>
    public IEnumerable<string> Lines(string text) => _ended.Append(_process).SelectMany(p => p.Lines(text));

    /// <summary>
    /// An HTTP client that presents the admin credential; it outlives restarts, as others may be calling meanwhile.
    /// </summary>
    public HttpClient Api => _api;

    /// <summary>Starts a control plane of one process on free ports.</summary>
    /// <param name="dataDirectory">Where its state is, or will be.</param>
    /// <param name="trustDomain">Its trust domain.</param>
    /// <param name="extra">Further flags of <c>mesh-silo</c>.</param>
    public static Task<ControlPlane> StartAsync(
        string dataDirectory, string trustDomain = "cluster.local", params string[] extra) => StartAsync(
        new ControlPlaneSpec { DataDirectory = dataDirectory, TrustDomain = trustDomain, Flags = extra });

    /// <summary>Starts one process on free ports.</summary>
    public static async Task<ControlPlane> StartAsync(ControlPlaneSpec spec)
    {
        var process = Launch(
            spec, ["--api-port", "0", "--xds-port", "0", "--xds-plain-port", "0", "--monitoring-port", "0"]);
        try
        {
            return new ControlPlane(spec, process, await process.WaitForAsync("listening", StartTimeout));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process again on the ports it had, after it was ended.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _ended.Enqueue(_process);
        string[] ports =
        [
            "--api-port", new Uri(ApiAddress).Port.ToString(),
            "--xds-port", Xds[(Xds.LastIndexOf(':') + 1)..],
            "--xds-plain-port", XdsPlain?[(XdsPlain.LastIndexOf(':') + 1)..] ?? "-1",
            "--monitoring-port", new Uri(Monitoring).Port.ToString(),
        ];
        _process = Launch(_spec, ports);
        Adopt(await _process.WaitForAsync("listening", StartTimeout));
    }

    /// <summary>Applies manifests; throws with the answer's text, and the process's last lines, when they are refused.</summary>
    /// <returns>The answer's JSON.</returns>
    public async Task<JsonElement> ApplyAsync(string yaml)
    {
        using var response = await TryApplyAsync(yaml);
        return await AnswerAsync(response);
    }

    /// <summary>Posts manifests and returns the answer as it is.</summary>
    public async Task<HttpResponseMessage> TryApplyAsync(string yaml, string query = "")
    {
        using var content = new StringContent(yaml, Encoding.UTF8, "application/yaml");
        return await _api.PostAsync($"/v1/config{query}", content);
    }

    /// <summary>Deletes one resource.</summary>
    public async Task DeleteAsync(string kind, string ns, string name)
    {
        using var response = await _api.DeleteAsync($"/v1/config/{kind}/{ns}/{name}");
        await AnswerAsync(response);
    }

    /// <summary>Mints a one-time join token.</summary>
    public async Task<string> MintTokenAsync(string ns, string serviceAccount, string purpose = "workload")
    {
        using var response = await _api.PostAsJsonAsync("/v1/tokens", new { purpose, @namespace = ns, serviceAccount });
        return (await AnswerAsync(response)).GetProperty("token").GetString()!;
    }

    /// <summary>Reads a JSON answer.</summary>
    public async Task<JsonElement> GetAsync(string path) => await _api.GetFromJsonAsync<JsonElement>(path);

    /// <summary>
    /// Asks again and again until the answer is as wanted; every wait is an answer of the control plane.
    /// </summary>
    /// <exception cref="TimeoutException">It never was; the message holds the last answer.</exception>
    public async Task<JsonElement> WaitForAsync(
        string path, Func<JsonElement, bool> wanted, string what, int seconds = 30)
    {
        var last = "";
        for (var end = DateTime.UtcNow.AddSeconds(seconds); DateTime.UtcNow < end; await Task.Delay(50))
        {
            try
            {
                var answer = await GetAsync(path);
                if (wanted(answer)) return answer;
                last = answer.ToString();
            }
            catch (HttpRequestException exception)
                when (exception.StatusCode is null or HttpStatusCode.ServiceUnavailable)
            {
                last = exception.Message;
            }
        }

        throw new TimeoutException(
            $"{what} did not happen within {seconds} s. Last answer of {path}:\n{last}\n{_process.Tail()}");
    }

    /// <summary>The newest revision of the configuration.</summary>
    public async Task<long> RevisionAsync() =>
        (await GetAsync("/v1/revisions?count=1")).EnumerateArray().First().GetProperty("revision").GetInt64();

    /// <summary>Waits until every service has an endpoint that is well.</summary>
    public Task HealthyAsync() => WaitForAsync(
        "/v1/services",
        services => services.EnumerateArray().All(s => s.GetProperty("healthy").GetInt32() > 0),
        "endpoints of every service");

    /// <summary>Waits until every proxy, and there are at least so many, has acknowledged the newest revision.</summary>
    public async Task SettledAsync(int proxies, int seconds = 30)
    {
        var revision = await RevisionAsync();
        await WaitForAsync(
            "/v1/proxies",
            all => all.GetArrayLength() >= proxies && all.EnumerateArray().All(p => Holds(p, revision)),
            $"revision {revision} at every proxy",
            seconds);
    }

    /// <summary>Whether a proxy, as <c>/v1/proxies</c> tells of it, has acknowledged what a revision says.</summary>
    public static bool Holds(JsonElement proxy, long revision) =>
        proxy.GetProperty("status").GetString() == "SYNCED"
        && proxy.GetProperty("types").EnumerateArray()
            .Where(t => t.GetProperty("type").GetString() is "Listener" or "Cluster" or "RouteConfiguration")
            .All(t => t.GetProperty("revision").GetInt64() >= revision);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _process.DisposeAsync();
    }

    private static MeshProcess Launch(ControlPlaneSpec spec, string[] ports)
    {
        var process = MeshProcess.Start(
            $"{spec.Name} {spec.TrustDomain}",
            Binaries.Find("MeshOrleans.Silo", "silo", "mesh-silo"),
            ["--data", spec.DataDirectory, "--secrets", spec.SecretsDirectory ?? spec.DataDirectory,
                "--trust-domain", spec.TrustDomain, .. ports, .. spec.Flags],
            spec.Environment);
        if (spec.Record is not null) ProcessRecord.Write(spec.Record, process.Id);
        return process;
    }

    // What was refused says why, and so does what the process said meanwhile.
    private async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode) return text.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(text) : default;
        throw new InvalidOperationException(
            $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath} was answered with "
            + $"{(int)response.StatusCode}: {text}\n{_process.Tail()}");
    }

    private void Adopt(JsonElement listening)
    {
        ApiAddress = listening.GetProperty("api").GetString()!;
        Xds = listening.GetProperty("xds").GetString()!;
        XdsPlain = listening.GetProperty("xdsPlain").GetString();
        Monitoring = listening.GetProperty("monitoring").GetString()!;
    }
}
