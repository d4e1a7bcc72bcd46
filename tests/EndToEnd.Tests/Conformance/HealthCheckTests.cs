using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>The kind HealthCheck (behaviour row 40), made by the caller's sidecar over mesh mTLS.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class HealthCheckTests(ConformanceMesh mesh)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_member_that_says_it_is_not_well_gets_no_request_until_it_is_well_again()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: b, namespace: app}, spec: {host: b, port: 80, interval: 1s, unhealthyThreshold: 2, healthyThreshold: 2, http: {path: /_health}}}
            ---
            {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: b, namespace: app}, spec: {selector: {matchLabels: {app: b}}, mtls: {mode: STRICT}}}
            """);
        var before = await mesh.A.CountAsync("http://b/", 40, Outcome);
        try
        {
            await SetHealthAsync(mesh.B1, 503);
            await FailingAsync(mesh.A, "b-v1-1");
            var without = await mesh.A.CountAsync("http://b/", 60, Outcome);

            await SetHealthAsync(mesh.B1, 200);
            await FailingAsync(mesh.A);
            var after = await mesh.A.CountAsync("http://b/", 40, Outcome);

            Assert.Equal(["200 v1", "200 v2"], before.Keys.Order());
            Assert.Equal(60, without["200 v2"]); // and not one failed
            Assert.Equal(["200 v1", "200 v2"], after.Keys.Order());
        }
        finally
        {
            await SetHealthAsync(mesh.B1, 200);
        }
    }

    [Fact]
    public async Task With_no_member_well_requests_are_answered_at_once()
    {
        await using var rules = await mesh.WithAsync("""
            {apiVersion: mesh.orleans.io/v1, kind: HealthCheck, metadata: {name: c, namespace: app}, spec: {host: c, interval: 1s, http: {path: /_health, expectedStatuses: [204]}}}
            """);
        await FailingAsync(mesh.A, "c-1");

        var answer = await mesh.A.GetAsync("http://c/");

        Assert.Equal((503, "no healthy upstream"), (answer.Code, answer.Body));
    }

    private static string Outcome(Answer answer) => $"{answer.Code} {answer.Version}";

    private static async Task SetHealthAsync(Member member, int status)
    {
        using var direct = new HttpClient();
        using var answer = await direct.PostAsync(
            $"http://{member.Address}:{member.Spec.Port}/_health?status={status}", content: null);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until just these members fail the checks of a member's sidecar.</summary>
    private static async Task FailingAsync(Member member, params string[] names)
    {
        using var admin = new HttpClient();
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        string[] failing;
        do
        {
            Assert.True(
                await NextAsync(timer, patience.Token), $"The checks still do not fail for just these: {string.Join(',', names)}.");
            var view = JsonSerializer.Deserialize<JsonElement>(
                await admin.GetStringAsync($"http://127.0.0.1:{member.AdminPort}/clusters"));
            failing =
            [
                .. view.GetProperty("clusters").EnumerateArray()
                    .SelectMany(c => c.GetProperty("endpoints").EnumerateArray())
                    .Where(e => e.GetProperty("failsChecks").GetBoolean())
                    .Select(e => e.GetProperty("workload").GetString()!)
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ];
        }
        while (!failing.SequenceEqual(names));
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken patience)
    {
        try
        {
            return await timer.WaitForNextTickAsync(patience);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
