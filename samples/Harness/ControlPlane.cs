using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Samples.Harness;

/// <summary>A running control plane, called as its users call it: over REST, with the admin credential.</summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly string[] _extra;
    private MeshProcess _process;
    private HttpClient _api;

    private ControlPlane(
        string dataDirectory, string trustDomain, string[] extra, MeshProcess process, JsonElement listening)
    {
        (DataDirectory, TrustDomain, _extra, _process) = (dataDirectory, trustDomain, extra, process);
        _api = new HttpClient();
        Xds = ApiAddress = "";
        Adopt(listening);
    }

    /// <summary>Where its state is.</summary>
    public string DataDirectory { get; }

    /// <summary>Its trust domain.</summary>
    public string TrustDomain { get; }

    /// <summary>The REST API's address.</summary>
    public string ApiAddress { get; private set; }

    /// <summary>The TLS xDS port as <c>host:port</c>.</summary>
    public string Xds { get; private set; }

    /// <summary>The monitoring port's address.</summary>
    public string Monitoring { get; private set; } = "";

    /// <summary>The process.</summary>
    public MeshProcess Process => _process;

    /// <summary>An HTTP client that presents the admin credential.</summary>
    public HttpClient Api => _api;

    /// <summary>Starts a control plane on free ports.</summary>
    /// <param name="dataDirectory">Where its state is, or will be.</param>
    /// <param name="trustDomain">Its trust domain.</param>
    /// <param name="extra">Further flags of <c>mesh-silo</c>.</param>
    public static async Task<ControlPlane> StartAsync(
        string dataDirectory, string trustDomain = "cluster.local", params string[] extra)
    {
        var process = Launch(
            dataDirectory,
            trustDomain,
            extra,
            ["--api-port", "0", "--xds-port", "0", "--xds-plain-port", "0", "--monitoring-port", "0"]);
        try
        {
            return new ControlPlane(
                dataDirectory, trustDomain, extra, process, await process.WaitForAsync("listening", StartTimeout));
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
        string[] ports =
        [
            "--api-port", new Uri(ApiAddress).Port.ToString(),
            "--xds-port", Xds[(Xds.LastIndexOf(':') + 1)..],
            "--xds-plain-port", "-1",
            "--monitoring-port", new Uri(Monitoring).Port.ToString(),
        ];
        _process = Launch(DataDirectory, TrustDomain, _extra, ports);
        Adopt(await _process.WaitForAsync("listening", StartTimeout));
    }

    /// <summary>Applies manifests; throws with the answer's text when they are refused.</summary>
    /// <returns>The answer's JSON.</returns>
    public async Task<JsonElement> ApplyAsync(string yaml)
    {
        using var response = await TryApplyAsync(yaml);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new InvalidOperationException(
                $"The manifests were refused with {(int)response.StatusCode}: {text}");
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
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Mints a one-time join token.</summary>
    public async Task<string> MintTokenAsync(string ns, string serviceAccount, string purpose = "workload")
    {
        using var response = await _api.PostAsJsonAsync("/v1/tokens", new { purpose, @namespace = ns, serviceAccount });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _process.DisposeAsync();
    }

    private static MeshProcess Launch(string data, string trustDomain, string[] extra, string[] ports) => MeshProcess.Start(
        $"control plane {trustDomain}",
        Binaries.Find("MeshOrleans.Silo", "silo", "mesh-silo"),
        ["--data", data, "--trust-domain", trustDomain, .. ports, .. extra]);

    private void Adopt(JsonElement listening)
    {
        ApiAddress = listening.GetProperty("api").GetString()!;
        Xds = listening.GetProperty("xds").GetString()!;
        Monitoring = listening.GetProperty("monitoring").GetString()!;
        var token = File.ReadAllText(Path.Combine(DataDirectory, "admin-token")).Trim();
        _api.Dispose();
        _api = new HttpClient { BaseAddress = new Uri(ApiAddress), Timeout = TimeSpan.FromSeconds(30) };
        _api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }
}
