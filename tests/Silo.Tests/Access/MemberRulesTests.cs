#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Text.Json;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Tests.Api;

namespace MeshOrleans.Silo.Tests.Access;

/// <summary>What members may say about themselves where the access file does not let them say anything.</summary>
public sealed class MemberRulesTests
{
    private const string Group = """
        apiVersion: networking.istio.io/v1
        kind: WorkloadGroup
        metadata: {name: carts, namespace: app}
        spec: {metadata: {labels: {app: cart, tier: web} }, template: {serviceAccount: a} }
        """;

    [Theory]
    [InlineData("10.20.1.1", "carts", """{"app":"cart"}""", "")]
    [InlineData("127.0.0.1", "carts", """{"app":"cart","tier":"web"}""", "")]
    [InlineData("10.20.1.1", "", "{}", "")]
    [InlineData("10.21.1.1", "carts", """{"app":"cart"}""", "members.addresses")]
    [InlineData("10.20.1.1", "carts", """{"app":"pay"}""", "label 'app: pay'")]
    [InlineData("10.20.1.1", "carts", """{"app":"cart","extra":"x"}""", "label 'extra: x'")]
    [InlineData("10.20.1.1", "", """{"app":"cart"}""", "names none")]
    [InlineData("10.20.1.1", "others", "{}", "no WorkloadGroup app/others")]
    public async Task Members_say_what_they_may_and_registrars_what_they_like(
        string address, string group, string labels, string fault)
    {
        await using var host = await ApiHost.StartAsync("members: {addresses: [10.20.0.0/16], labels: group}");
        await ApplyAsync(host, Group);
        var body = Body(address, group, labels, "a");

        var (status, answer) = await JoinAsync(host, body);

        Assert.True(status == (fault.Length == 0 ? HttpStatusCode.Created : HttpStatusCode.Forbidden), $"{status}: {answer}");
        Assert.Contains(fault, answer.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(fault.Length == 0 ? HttpStatusCode.OK : HttpStatusCode.Created, (await host.PostAsync("/v1/workloads", body)).Status);
    }

    [Fact]
    public async Task A_group_is_for_its_own_service_account()
    {
        await using var host = await ApiHost.StartAsync("members: {labels: group}");
        await ApplyAsync(host, Group.Replace("serviceAccount: a", "serviceAccount: b", StringComparison.Ordinal));

        var (status, answer) = await JoinAsync(host, Body("10.9.9.9", "carts", """{"app":"cart"}""", "a"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("is for service account 'b'", answer.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_rules_they_say_what_they_like()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _) = await JoinAsync(host, Body("10.9.9.9", "", """{"app":"whatever"}""", "a"));

        Assert.Equal(HttpStatusCode.Created, status);
    }

    [Fact]
    public async Task A_token_is_not_lost_to_what_may_not_be_said()
    {
        await using var host = await ApiHost.StartAsync("members: {labels: group}");
        await ApplyAsync(host, Group);
        var token = await MintAsync(host);

        var (refused, _) = await JoinAsync(host, Body("10.9.9.9", "carts", """{"app":"pay"}""", "a"), token);
        var (joined, answer) = await JoinAsync(host, Body("10.9.9.9", "carts", """{"app":"cart"}""", "a"), token);

        Assert.True((refused, joined) == (HttpStatusCode.Forbidden, HttpStatusCode.Created), $"{refused}, {joined}: {answer}");
    }

    [Fact]
    public async Task Who_has_proved_nothing_is_told_no_rules()
    {
        await using var host = await ApiHost.StartAsync("members: {labels: group}");
        await ApplyAsync(host, Group);
        var used = await MintAsync(host);
        await JoinAsync(host, Body("10.9.9.9", "", "{}", "a"), used);

        var (again, answer) = await JoinAsync(host, Body("10.9.9.9", "others", """{"app":"pay"}""", "a"), used);
        var (other, reason) = await JoinAsync(host, Body("10.9.9.9", "others", """{"app":"pay"}""", "b"), await MintAsync(host));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (again, other));
        Assert.Contains("was used before", answer.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("What was presented is for namespace 'app', service account 'a'", Unescaped(reason), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("members: {addresses: [10.20.0.0/33]}", "no address")]
    [InlineData("members: {addresses: [home]}", "no address")]
    [InlineData("members: {labels: none}", "neither any nor group")]
    [InlineData("members: {label: group}", "label")]
    public void Wrong_rules_are_refused_with_their_line(string text, string message)
    {
        var (policy, faults) = AccessFileReader.Read($"bindings: []\n{text}", "/");

        Assert.Null(policy);
        var fault = Assert.Single(faults);
        Assert.Equal(2, fault.Line);
        Assert.Contains(message, $"{fault.Path} {fault.Message}", StringComparison.Ordinal);
    }

    private static string Body(string address, string group, string labels, string account) =>
        $$"""{"namespace":"app","name":"vm-1","address":"{{address}}","group":"{{group}}","labels":{{labels}},"serviceAccount":"{{account}}"}""";

    private static async Task<(HttpStatusCode Status, JsonElement Body)> JoinAsync(ApiHost host, string body, string? token = null) =>
        await LoginIssuer.CallAsync(host, "POST", "/v1/workloads", token ?? await MintAsync(host), body);

    private static Task<string> MintAsync(ApiHost host) => host.MintAsync("""{"namespace":"app","serviceAccount":"a"}""");

    private static string Unescaped(JsonElement answer) =>
        answer.TryGetProperty("detail", out var detail) ? detail.GetString()! : "";

    private static async Task ApplyAsync(ApiHost host, string manifest)
    {
        var (status, answer) = await LoginIssuer.CallAsync(host, "POST", "/v1/config", host.AdminCredential, manifest);
        Assert.True(status is HttpStatusCode.OK, $"{answer}");
    }
}
#endif
