using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.LastGood;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>The program itself: real process, real sockets, a fake control plane.</summary>
public sealed class SidecarProcessTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new(TimeProvider.System);
    private WebApplication _app = null!;
    private FakeControlPlane _plane = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        ((IApplicationBuilder)_app).Run(context => context.Response.WriteAsync($"hello from {context.Request.Host}"));
        await _app.StartAsync();
        _plane = await FakeControlPlane.StartAsync(_authority);
        _plane.Put(MeshResources.Mesh(new Uri(_app.Urls.First()).Port));
    }

    public async Task DisposeAsync()
    {
        await _plane.DisposeAsync();
        await _app.DisposeAsync();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_joins_by_token_proxies_and_serves_on_after_a_restart_without_control_plane()
    {
        File.WriteAllText(_folder.File("token"), _plane.NewToken().Reveal());
        using (var first = Start("--token-file", _folder.File("token")))
        {
            var ports = await first.EventAsync("listening");
            Assert.Equal("ControlPlane", (await first.EventAsync("ready")).GetProperty("config").GetString());
            Assert.Equal("hello from catalog.shop.svc.cluster.local", await CallAsync(ports));
            await Eventually.HoldsAsync(
                "saved configuration", () => File.Exists(_folder.File("state/" + LastGoodFile.FileName)));
            first.Terminate();
            Assert.Equal(0, (await first.EndAsync()).ExitCode);
        }

        await _plane.DisposeAsync();
        using var second = Start();
        var again = await second.EventAsync("listening");
        Assert.Equal("LastGood", (await second.EventAsync("ready")).GetProperty("config").GetString());
        Assert.Equal("hello from catalog.shop.svc.cluster.local", await CallAsync(again));
        Assert.Matches("mesh_config_age_seconds [0-9.]+", await GetAsync(again, "metrics", "/stats/prometheus"));
        Assert.Equal(
            HttpStatusCode.OK, (await SendAsync(again, "status", HttpMethod.Get, "/healthz/ready")).StatusCode);
    }

    [Fact]
    public async Task Its_admin_door_shows_everything_but_keys_and_only_to_this_machine()
    {
        File.WriteAllText(_folder.File("token"), _plane.NewToken().Reveal());
        using var sidecar = Start("--token-file", _folder.File("token"));
        var ports = await sidecar.EventAsync("listening");
        await sidecar.EventAsync("ready");

        var dump = await GetAsync(ports, "admin", "/config_dump");
        using var document = JsonDocument.Parse(dump);
        Assert.Equal(4, document.RootElement.GetProperty("configs").GetArrayLength());
        Assert.Contains(
            "\"@type\": \"type.googleapis.com/envoy.config.cluster.v3.Cluster\"", dump, StringComparison.Ordinal);
        var certificates = await GetAsync(ports, "admin", "/certs");
        Assert.Contains("spiffe://cluster.local/ns/shop/sa/cart", certificates, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", dump + certificates, StringComparison.Ordinal);
        Assert.Contains("\"ejected\": false", await GetAsync(ports, "admin", "/clusters"), StringComparison.Ordinal);

        Assert.Equal(
            HttpStatusCode.MethodNotAllowed, (await SendAsync(
                ports, "admin", HttpMethod.Get, "/quitquitquit")).StatusCode);
        Assert.Equal(
            HttpStatusCode.Forbidden, (await SendAsync(
                ports, "admin", HttpMethod.Post, "/quitquitquit", host: "evil.example")).StatusCode);
        Assert.Equal(
            HttpStatusCode.Forbidden, (await SendAsync(
                ports, "admin", HttpMethod.Post, "/quitquitquit", origin: "http://evil.example")).StatusCode);
        foreach (var path in new[] { "/quitquitquit", "/drain", "/logging?level=debug" })
        {
            foreach (var wrong in new[] { null, "", "x" })
            {
                using var refused = await SendAsync(ports, "admin", HttpMethod.Post, path, token: wrong);
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
                Assert.Contains("admin-token in the state directory", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }

        var token = File.ReadAllText(Path.Combine(_folder.File("state"), "admin-token"));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(ports, "status", HttpMethod.Get, "/healthz/ready")).StatusCode);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(_folder.File("state"), "admin-token")));
        Assert.Equal(
            HttpStatusCode.NotFound, (await SendAsync(ports, "status", HttpMethod.Get, "/config_dump")).StatusCode);

        await SendAsync(ports, "admin", HttpMethod.Post, "/drain", token: token);
        Assert.Equal(
            HttpStatusCode.ServiceUnavailable, (await SendAsync(
                ports, "status", HttpMethod.Get, "/healthz/ready")).StatusCode);
        await SendAsync(ports, "admin", HttpMethod.Post, "/quitquitquit", token: token);
        Assert.Equal(0, (await sidecar.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Without_model_or_certificate_it_is_not_ready_and_forwards_nothing()
    {
        using var sidecar = Start();
        var ports = await sidecar.EventAsync("listening");

        Assert.Equal(
            HttpStatusCode.ServiceUnavailable, (await SendAsync(
                ports, "status", HttpMethod.Get, "/healthz/ready")).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => CallAsync(ports));
    }

    [Fact]
    public async Task A_wrong_flag_ends_with_2_and_one_line()
    {
        using var sidecar = SidecarUnderTest.Start("--xds", "a:1");

        var (code, errors) = await sidecar.EndAsync();

        Assert.Equal(2, code);
        Assert.Equal("mesh-sidecar: --namespace NS is required (or MESH_NAMESPACE); see --help", errors.Trim());
    }

    [Fact]
    public async Task Nothing_that_it_shows_or_logs_or_saves_beside_its_key_holds_a_secret()
    {
        var token = _plane.NewToken();
        File.WriteAllText(_folder.File("token"), token.Reveal());
        using var sidecar = Start("--token-file", _folder.File("token"), "--log-level", "debug");
        var ports = await sidecar.EventAsync("listening");
        await sidecar.EventAsync("ready");
        await CallAsync(ports);
        var key = _folder.File("state/" + IdentityStore.SvidFile);
        await Eventually.HoldsAsync("saved configuration", () => File.Exists(_folder.File("state/" + LastGoodFile.FileName)));

        var shown = new List<string>();
        string[] paths =
        [
            "/", "/ready", "/config_dump", "/clusters", "/certs", "/listeners", "/stats", "/stats/prometheus", "/logging",
        ];
        foreach (var path in paths)
        {
            shown.Add(await GetAsync(ports, "admin", path));
        }

        shown.Add(await GetAsync(ports, "metrics", "/stats/prometheus"));
        shown.Add(await GetAsync(ports, "status", "/healthz/ready"));
        shown.AddRange(Directory.GetFiles(_folder.File("state"))
            .Where(file => file != key && !file.EndsWith("/lock", StringComparison.Ordinal))
            .Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        sidecar.Terminate();
        shown.Add((await sidecar.EndAsync()).Errors);
        shown.Add(await sidecar.OutputAsync());

        Assert.Contains(shown, text => text.Contains("spiffe://cluster.local/ns/shop/sa/cart", StringComparison.Ordinal));
        Assert.Contains("ready", shown[^1], StringComparison.Ordinal); // the lines were really there to be looked at
        foreach (var secret in (string[])[token.Secret, "PRIVATE KEY", .. PartsOf(File.ReadAllText(key))])
        {
            Assert.DoesNotContain(shown, text => text.Contains(secret, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Of a key's file, what would be seen of the key itself in whichever form.</summary>
    private static IEnumerable<string> PartsOf(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        var secret = key.ExportParameters(includePrivateParameters: true).D!;
        var bytes = Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
        return [Convert.ToHexString(secret), Convert.ToBase64String(secret)[..40], Convert.ToBase64String(bytes)[60..92]];
    }

    private static async Task<string> CallAsync(JsonElement ports)
    {
        var proxy = new WebProxy($"http://127.0.0.1:{ports.GetProperty("outbound").GetInt32()}");
        using var client = new HttpClient(new SocketsHttpHandler { Proxy = proxy });
        return await client.GetStringAsync(new Uri("http://catalog.shop.svc.cluster.local/items"));
    }

    private static async Task<string> GetAsync(JsonElement ports, string door, string path)
    {
        using var response = await SendAsync(ports, door, HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(
        JsonElement ports,
        string door,
        HttpMethod method,
        string path,
        string? host = null,
        string? origin = null,
        string? token = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            method, new Uri($"http://127.0.0.1:{ports.GetProperty(door).GetInt32()}{path}"));
        if (host is not null) request.Headers.Host = host;
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Trim()}");
        return await client.SendAsync(request);
    }

    private SidecarUnderTest Start(params string[] more) => SidecarUnderTest.Start(
    [
        "--xds", $"{_plane.Address}", "--namespace", "shop", "--service-account", "cart", "--workload-name", "cart-1",
        "--state-dir", _folder.File("state"), "--outbound-port", "0", "--admin-port", "0", "--status-port", "0", "--metrics-port", "0",
        .. more,
    ]);
}
