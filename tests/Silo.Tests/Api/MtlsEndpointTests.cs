#if !MESH_ENGINE_ORLEANS
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>Who is seen in plaintext, and what becomes of policies that would refuse them.</summary>
public sealed class MtlsEndpointTests : IDisposable
{
    private const string Node = "sidecar~10.1.0.1~cart-1.shop~shop.svc.cluster.local";
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const string Readiness = "/v1/mtls/readiness?ns=shop";
    private const string Strict = """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: shop}
        spec:
          mtls:
            mode: STRICT
        """;

    private const string MeshStrict = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}";
    private const string CartPermissive = "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}}}";
    private const string Guard = "{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {strictGuard: REFUSE}}";

    private readonly LoginIssuer _issuer = new();

    [Fact]
    public async Task Who_calls_is_told_with_what_it_is_in_the_mesh_and_since_when_everybody_looks()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7", "10.0.0.8");

        var (status, body) = await host.GetAsync(Readiness);

        Assert.Equal((HttpStatusCode.OK, "CALLERS"), (status, body.GetProperty("status").GetString()));
        Assert.Equal(
            [("10.0.0.7", "old/legacy", "WOULD_BE_REFUSED"), ("10.0.0.8", "", "WOULD_BE_REFUSED")],
            body.GetProperty("callers").EnumerateArray().Select(c => (
                c.GetProperty("address").GetString(),
                string.Join(',', c.GetProperty("members").EnumerateArray().Select(m => m.GetString())),
                c.GetProperty("standing").GetString())));
        Assert.Equal((1, 1), (body.GetProperty("workloads").GetInt32(), body.GetProperty("watched").GetInt32()));
        Assert.Equal(host.Clock.GetUtcNow().AddHours(-1), body.GetProperty("watchedSince").GetDateTimeOffset());
        Assert.Equal(8, body.GetProperty("rememberedDays").GetDouble());
    }

    [Fact]
    public async Task Nothing_is_called_ready_that_nobody_watches()
    {
        await using var host = await StartAsync();
        Assert.Equal(("UNKNOWN", "its proxy (mesh-sidecar 1) does not tell, or has not told yet"), Of((await host.GetAsync(Readiness)).Body));

        await SeenAsync(host);
        Assert.Equal(("READY", null), Of((await host.GetAsync(Readiness)).Body));

        await DisconnectAsync(host);
        Assert.Equal(("UNKNOWN", "its sidecar is not connected"), Of((await host.GetAsync(Readiness)).Body));
        Assert.Equal(("UNKNOWN", null), Of((await host.GetAsync("/v1/mtls/readiness?ns=empty")).Body));

        static (string?, string?) Of(JsonElement body) => (
            body.GetProperty("status").GetString(),
            body.GetProperty("unwatched").EnumerateArray().Select(u => u.GetProperty("reason").GetString()).SingleOrDefault());
    }

    [Fact]
    public async Task What_is_STRICT_already_needs_nothing_and_who_knocks_is_shown()
    {
        await using var host = await StartAsync();
        await SeenAsync(host);
        await ApplyAsync(host, Strict, HttpStatusCode.OK);
        await SeenAsync(host, "10.0.0.7");

        var body = (await host.GetAsync(Readiness)).Body;

        Assert.Equal("STRICT", body.GetProperty("status").GetString());
        Assert.Equal("REFUSED", body.GetProperty("callers")[0].GetProperty("standing").GetString());
    }

    [Fact]
    public async Task What_a_nearer_policy_exempts_is_not_called_STRICT()
    {
        await using var host = await StartAsync();
        await SeenAsync(host);
        await ApplyAsync(host, CartPermissive, HttpStatusCode.OK);

        var body = (await host.GetAsync(Readiness)).Body;

        Assert.Equal(("READY", 0, 1), (
            body.GetProperty("status").GetString(), body.GetProperty("workloads").GetInt32(), body.GetProperty("exempt").GetInt32()));
        await ApplyAsync(host, CartPermissive.Replace("PERMISSIVE", "STRICT", StringComparison.Ordinal), HttpStatusCode.OK);
        Assert.Equal("STRICT", (await host.GetAsync(Readiness)).Body.GetProperty("status").GetString());
    }

    [Fact]
    public async Task STRICT_for_the_mesh_names_callers_of_a_namespace_whose_members_are_away()
    {
        await using var host = await StartAsync();
        await ApplyAsync(host, "{apiVersion: v1, kind: Service, metadata: {name: weekly, namespace: idle}, spec: {ports: [{port: 80}]}}", HttpStatusCode.OK);
        await UntilAsync(host, snapshot => snapshot.Config.Keys.Any(key => key.Namespace == "idle"));
        await SeenAsync(host, "idle", ["10.0.0.7"]);

        var body = await ApplyAsync(host, MeshStrict, HttpStatusCode.OK, "?dryRun=true");

        Assert.Contains("10.0.0.7 (old/legacy) calls idle/cart port 8080", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_analysis_tells_of_whom_STRICT_refuses_as_it_is_and_of_whom_it_would()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");
        Assert.Empty(Findings((await host.GetAsync("/v1/analyze")).Body));
        var planned = await AnalyzeAsync(host, Strict);
        await ApplyAsync(host, Strict, HttpStatusCode.OK);

        var found = Assert.Single(Findings((await host.GetAsync("/v1/analyze")).Body));
        var lifted = await AnalyzeAsync(host, CartPermissive);

        var plan = Assert.Single(Findings(planned));
        Assert.Equal(("PlaintextCallersRefused", "warning", 6), (
            plan.GetProperty("name").GetString(), plan.GetProperty("severity").GetString(), plan.GetProperty("line").GetInt32()));
        Assert.Contains("STRICT refuses who still calls in plaintext", plan.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(("MSH2022", "PeerAuthentication/shop/default"), (
            found.GetProperty("code").GetString(), found.GetProperty("resource").GetString()));
        Assert.Contains(
            "STRICT is in force, and refuses who was seen in plaintext: 10.0.0.7 (old/legacy) calls shop/cart port 8080",
            found.GetProperty("message").GetString(),
            StringComparison.Ordinal);
        Assert.Empty(Findings(lifted));
        await LoginIssuer.CallAsync(host, "DELETE", "/v1/mtls/callers?ns=shop", host.AdminCredential);
        Assert.Empty(Findings((await host.GetAsync("/v1/analyze")).Body));
    }

    [Fact]
    public async Task The_analysis_tells_of_a_workload_that_came_under_STRICT_by_its_labels()
    {
        await using var host = await StartAsync();
        var strict = CartPermissive.Replace("PERMISSIVE", "STRICT", StringComparison.Ordinal);
        await ApplyAsync(host, strict.Replace("app: cart", "tier: closed", StringComparison.Ordinal), HttpStatusCode.OK);
        await SeenAsync(host, "10.0.0.7");
        Assert.Empty(Findings((await host.GetAsync("/v1/analyze")).Body));

        var now = host.Clock.GetUtcNow();
        var labels = ImmutableDictionary<string, string>.Empty.Add("app", "cart").Add("tier", "closed");
        await host.Grain<IPlaintextCallersGrain>("shop").TellAsync(
            [new CallerReport(Node, "cart-1", "cart", labels, "r2", now, now, [], SpiffeId: Cart)], default);

        var found = Assert.Single(Findings((await host.GetAsync("/v1/analyze")).Body));
        Assert.Contains("10.0.0.7 (old/legacy) calls shop/cart", found.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_analysis_of_STRICT_that_nobody_watches_says_that()
    {
        await using var host = await StartAsync();

        var found = Assert.Single(Findings(await AnalyzeAsync(host, Strict)));

        Assert.Equal(("MSH2023", "PlaintextCallersUnknown", "warning"), (
            found.GetProperty("code").GetString(), found.GetProperty("name").GetString(), found.GetProperty("severity").GetString()));
        Assert.Empty(Findings(await AnalyzeAsync(host, Strict, "?live=false")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?dryRun=true")]
    public async Task STRICT_is_answered_with_a_warning_that_names_them_at_its_line(string query)
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");

        var body = await ApplyAsync(host, Strict, HttpStatusCode.OK, query);

        var warning = Assert.Single(body.GetProperty("warnings").EnumerateArray());
        Assert.Equal(("MSH2022", "warning", 6), (
            warning.GetProperty("code").GetString(), warning.GetProperty("severity").GetString(), warning.GetProperty("line").GetInt32()));
        Assert.Contains("10.0.0.7 (old/legacy) calls shop/cart port 8080", warning.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(query.Length == 0 ? 200 : 404, (int)(await host.GetAsync("/v1/config/PeerAuthentication/shop/default")).Status);
    }

    [Fact]
    public async Task What_makes_nothing_STRICT_has_no_warning()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");

        Assert.Empty(Warnings(await ApplyAsync(host, CartPermissive, HttpStatusCode.OK)));
        Assert.Empty(Warnings(await ApplyAsync(host, Strict, HttpStatusCode.OK)));
        Assert.Empty(Warnings(await ApplyAsync(host, MeshStrict, HttpStatusCode.OK)));
    }

    [Fact]
    public async Task Deleting_an_exception_and_applying_to_the_mesh_are_answered_like_that_too()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");

        var mesh = await ApplyAsync(host, MeshStrict, HttpStatusCode.OK, "?dryRun=true");
        await ApplyAsync(host, CartPermissive + "\n---\n" + Strict, HttpStatusCode.OK);
        var (status, deleted) = await LoginIssuer.CallAsync(host, "DELETE", "/v1/config/PeerAuthentication/shop/cart", host.AdminCredential);

        Assert.Equal(["PeerAuthentication/istio-system/default"], Warnings(mesh));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["PeerAuthentication/shop/default"], Warnings(deleted));
    }

    [Fact]
    public async Task Under_the_guard_it_is_refused_with_the_same_words_until_they_are_gone()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");
        await ApplyAsync(host, CartPermissive, HttpStatusCode.OK);
        await ApplyAsync(host, Guard, HttpStatusCode.OK);

        Assert.Empty(Warnings(await ApplyAsync(host, Strict, HttpStatusCode.OK))); // cart is exempt
        var (status, deleted) = await LoginIssuer.CallAsync(host, "DELETE", "/v1/config/PeerAuthentication/shop/cart", host.AdminCredential);
        var refused = await ApplyAsync(host, CartPermissive.Replace("PERMISSIVE", "STRICT", StringComparison.Ordinal), HttpStatusCode.UnprocessableEntity, "?dryRun=true");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        foreach (var answer in new[] { deleted, refused })
        {
            var error = Assert.Single(answer.GetProperty("errors").EnumerateArray());
            Assert.Equal(("MSH2022", "error"), (error.GetProperty("code").GetString(), error.GetProperty("severity").GetString()));
            Assert.Contains("10.0.0.7 (old/legacy) calls shop/cart", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        var (_, forgotten) = await LoginIssuer.CallAsync(host, "DELETE", "/v1/mtls/callers?ns=shop&address=10.0.0.7", host.AdminCredential);
        Assert.Equal(1, forgotten.GetProperty("forgotten").GetInt32());
        (status, deleted) = await LoginIssuer.CallAsync(host, "DELETE", "/v1/config/PeerAuthentication/shop/cart", host.AdminCredential);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Empty(Warnings(deleted));
    }

    [Fact]
    public async Task That_nobody_watches_is_warned_of_and_refused_by_nothing()
    {
        await using var host = await StartAsync();
        await ApplyAsync(host, Guard, HttpStatusCode.OK);

        var body = await ApplyAsync(host, Strict, HttpStatusCode.OK);

        var warning = Assert.Single(body.GetProperty("warnings").EnumerateArray());
        Assert.Equal("MSH2023", warning.GetProperty("code").GetString());
        Assert.Contains("shop/cart-1", warning.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sees_one_namespace_learns_nothing_of_another()
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");
        var (viewer, keeper) = (_issuer.Token(host, "viewers"), _issuer.Token(host, "shop"));

        var (status, body) = await LoginIssuer.CallAsync(host, "GET", Readiness, viewer);
        var (_, warned) = await LoginIssuer.CallAsync(host, "POST", "/v1/config", keeper, Strict);

        Assert.Equal((HttpStatusCode.OK, 0), (status, body.GetProperty("callers")[0].GetProperty("members").GetArrayLength()));
        Assert.DoesNotContain("legacy", warned.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("10.0.0.7 calls shop/cart", warned.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await LoginIssuer.CallAsync(host, "GET", "/v1/mtls/readiness?ns=old", viewer)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await LoginIssuer.CallAsync(host, "DELETE", "/v1/mtls/callers?ns=shop", viewer)).Status);
        Assert.Equal(HttpStatusCode.OK, (await LoginIssuer.CallAsync(host, "DELETE", "/v1/mtls/callers?ns=shop", keeper)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await LoginIssuer.CallAsync(host, "DELETE", "/v1/mtls/callers?ns=old", keeper)).Status);
    }

    [Theory]
    [InlineData("GET", "/v1/mtls/readiness")]
    [InlineData("GET", "/v1/mtls/readiness?ns=..%2Fshop")]
    [InlineData("DELETE", "/v1/mtls/callers")]
    [InlineData("DELETE", "/v1/mtls/callers?ns=no%20name")]
    [InlineData("DELETE", "/v1/mtls/callers?ns=shop&address=somebody")]
    [InlineData("DELETE", "/v1/mtls/callers?ns=shop&address=7")]
    [InlineData("DELETE", "/v1/mtls/callers?ns=shop&address=010.0.0.7")]
    public async Task A_question_that_names_nothing_is_refused(string method, string path)
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await LoginIssuer.CallAsync(host, method, path, host.AdminCredential)).Status);
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("::ffff:10.0.0.7")]
    public async Task A_caller_is_forgotten_however_its_address_is_written(string address)
    {
        await using var host = await StartAsync();
        await SeenAsync(host, "10.0.0.7");

        var (_, body) = await LoginIssuer.CallAsync(
            host, "DELETE", $"/v1/mtls/callers?ns=shop&address={address}", host.AdminCredential);

        Assert.Equal(1, body.GetProperty("forgotten").GetInt32());
    }

    [Theory]
    [InlineData("MAYBE")]
    [InlineData("refuse")]
    [InlineData("'true'")]
    public async Task A_guard_that_is_none_is_refused_with_the_names_that_there_are(string guard)
    {
        await using var host = await StartAsync();

        var body = await ApplyAsync(
            host, Guard.Replace("REFUSE", guard, StringComparison.Ordinal), HttpStatusCode.UnprocessableEntity);

        var error = Assert.Single(body.GetProperty("errors").EnumerateArray());
        Assert.Equal("spec.strictGuard", error.GetProperty("path").GetString());
        Assert.Contains("REFUSE", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    public void Dispose() => _issuer.Dispose();

    private async Task<ApiHost> StartAsync()
    {
        var host = await ApiHost.StartAsync($$"""
            issuers:
            - {{_issuer.Entry}}
            bindings:
            - {role: viewer, namespaces: [shop], subjects: [{claim: groups, value: viewers}]}
            - {role: operator, namespaces: [shop], subjects: [{claim: groups, value: shop}]}
            """);
        Assert.IsType<RegisterResult.Registered>(await JoinAsync(host, "shop/cart-1", "10.1.0.1", "cart", hasSidecar: true));
        Assert.IsType<RegisterResult.Registered>(await JoinAsync(host, "old/legacy", "10.0.0.7", "legacy", hasSidecar: false));
        await UntilAsync(host, snapshot => snapshot.Workloads.Count == 2);
        await TellAsync(host, isClosed: false);
        return host;
    }

    private static async Task UntilAsync(ApiHost host, Func<MeshSnapshot, bool> isThere)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var snapshots = host.Service<SnapshotHolder>();
        while (!isThere(snapshots.Current))
        {
            host.Clock.Advance(TimeSpan.FromMilliseconds(100)); // the follower waits by it before it begins anew
            await Task.Delay(10, limit.Token);
        }
    }

    private static Task<RegisterResult> JoinAsync(ApiHost host, string name, string address, string app, bool hasSidecar) =>
        host.Grain<IWorkloadGrain>(name).RegisterAsync(
            new WorkloadRegistration
            {
                Address = address,
                Ports = ImmutableDictionary<string, int>.Empty.Add("http", 8080),
                Labels = ImmutableDictionary<string, string>.Empty.Add("app", app),
                ServiceAccount = app,
                Lease = TimeSpan.FromHours(1),
                HasSidecar = hasSidecar,
                SpiffeId = hasSidecar ? $"spiffe://cluster.local/ns/{name.Split('/')[0]}/sa/{app}" : "",
            },
            default);

    private static Task<SubscriptionAnswer> DisconnectAsync(ApiHost host) => TellAsync(host, isClosed: true);

    private static Task<SubscriptionAnswer> TellAsync(ApiHost host, bool isClosed)
    {
        var connection = new ProxyConnection(
            host.Name, Cart, "shop", "10.1.0.1", ImmutableDictionary<string, string>.Empty, "mesh-sidecar 1");
        var news = new StreamNews(Node, host.Clock.GetUtcNow(), connection, [], Revision: 0, isClosed, SpiffeId: Cart);
        return host.Grain<IProxySubscriptionGrain>(ProxyShares.KeyOf(Node)).TellAsync(host.Name, [news], default);
    }

    /// <summary>The sidecar of cart-1 watches, and has seen these.</summary>
    private static Task SeenAsync(ApiHost host, params string[] addresses) => SeenAsync(host, "shop", addresses);

    private static Task SeenAsync(ApiHost host, string ns, string[] addresses)
    {
        var now = host.Clock.GetUtcNow();
        return host.Grain<IPlaintextCallersGrain>(ns).TellAsync(
            [
                new CallerReport(
                    Node,
                    "cart-1",
                    "cart",
                    ImmutableDictionary<string, string>.Empty.Add("app", "cart"),
                    "r1",
                    now.AddHours(-1),
                    now,
                    [.. addresses.Select(a => new SeenCaller(8080, a, CallerDemand.Permissive, false, 1, 0, now, now))],
                    SpiffeId: Cart),
            ],
            default);
    }

    private static async Task<JsonElement> ApplyAsync(ApiHost host, string yaml, HttpStatusCode expected, string query = "")
    {
        var (status, body) = await LoginIssuer.CallAsync(host, "POST", "/v1/config" + query, host.AdminCredential, yaml);
        Assert.True(status == expected, body.GetRawText());
        return body;
    }

    private static async Task<JsonElement> AnalyzeAsync(ApiHost host, string yaml, string query = "")
    {
        using var content = new StringContent(yaml, null, "application/yaml");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/analyze" + query, UriKind.Relative));
        request.Headers.Authorization = new("Bearer", host.AdminCredential);
        request.Content = content;
        using var response = await host.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    private static IEnumerable<JsonElement> Findings(JsonElement body) => body.GetProperty("findings").EnumerateArray()
        .Where(f => f.GetProperty("code").GetString() is "MSH2022" or "MSH2023");

    private static string[] Warnings(JsonElement body) =>
        [.. body.GetProperty("warnings").EnumerateArray().Select(w => w.GetProperty("resource").GetString()!)];
}
#endif
