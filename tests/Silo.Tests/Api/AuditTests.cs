#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Grains.Audit;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Access.Ended;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Audit;
using MeshOrleans.Xds.Gateway;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class AuditTests
{
    private const string Service = """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"app"},"spec":{"ports":[{"port":80}]}}""";

    [Fact]
    public async Task A_change_is_told_with_who_when_from_where_and_which_revision()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/config?reason=secret-in-query", Service);

        var (_, trail) = await host.GetAsync("/v1/audit");

        var entry = Assert.Single(trail.EnumerateArray());
        Assert.Equal("admin", entry.GetProperty("caller").GetString());
        Assert.Equal("127.0.0.1", entry.GetProperty("address").GetString());
        Assert.Equal("POST", entry.GetProperty("method").GetString());
        Assert.Equal("/v1/config", entry.GetProperty("path").GetString());
        Assert.Equal(200, entry.GetProperty("status").GetInt32());
        Assert.Equal(1, entry.GetProperty("revision").GetInt64());
        Assert.Equal(host.Clock.GetUtcNow(), entry.GetProperty("time").GetDateTimeOffset());
        Assert.DoesNotContain("secret-in-query", trail.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/tokens", """{"namespace":"app","serviceAccount":"cart","node":"vm-1"}""", "app/cart at node vm-1")]
    [InlineData("/v1/tokens", """{"purpose":"peer"}""", "a link to another mesh")]
    [InlineData("/v1/identities/rotate", """{"namespace":"app"}""", "namespace app")]
    [InlineData("/v1/identities/rotate", "{}", "the mesh")]
    [InlineData("/v1/peers", """{"name":"east","address":"10.0.0.9:15012","token":"mesh-join-secret"}""", "east at 10.0.0.9:15012")]
    [InlineData("/v1/ca/rotate?force=retiring", "{}", "force retiring")]
    [InlineData(
        "/v1/workloads",
        """{"namespace":"app","name":"vm-1","serviceAccount":"cart","address":"10.0.0.1","ports":{"http":80}}""",
        "app/vm-1 as cart")]
    public async Task What_is_not_in_the_path_is_told_beside_it(string path, string body, string expected)
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync(path, body);

        var (_, trail) = await host.GetAsync("/v1/audit");

        Assert.Equal(expected, Assert.Single(trail.EnumerateArray()).GetProperty("subject").GetString());
        Assert.DoesNotContain("secret", trail.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("mesh-join-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_caller_has_sent_makes_no_line_of_its_own_and_no_long_one()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/tokens", $$"""{"serviceAccount":"a\r\nAudit: admin{{new string('x', 2000)}}"}""");

        var (_, trail) = await host.GetAsync("/v1/audit");

        var subject = Assert.Single(trail.EnumerateArray()).GetProperty("subject").GetString()!;
        Assert.InRange(subject.Length, 1, AuditEntry.MaxSubject);
        Assert.DoesNotContain('\n', subject);
    }

    [Fact]
    public async Task What_was_refused_to_somebody_known_is_told_too_and_reading_is_not()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/config", "{}");
        await host.PostAsync("/v1/config?dryRun=true", Service);
        await host.PostAnonymouslyAsync("/v1/tokens", "{}");
        await host.GetAsync("/v1/config");

        var (_, trail) = await host.GetAsync("/v1/audit");

        Assert.Equal(422, Assert.Single(trail.EnumerateArray()).GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData("left", 499)]
    [InlineData("given up", 503)]
    [InlineData("broken", 500)]
    public async Task What_ended_in_a_failure_is_told_too(string kind, int expected)
    {
        await using var host = await ApiHost.StartAsync();
        Exception failure = kind == "broken" ? new InvalidOperationException(kind) : new OperationCanceledException(kind);
        var audit = new AuditMiddleware(
            _ => Task.FromException(failure), host.Service<AuditTrail>(), host.Clock, host.Service<GatewayName>());
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Path = "/v1/config";
        context.Features.Set<Caller>(new Caller.Admin());
        if (kind == "left") context.RequestAborted = new CancellationToken(canceled: true);

        var thrown = await Record.ExceptionAsync(() => audit.InvokeAsync(context));

        var (_, trail) = await host.GetAsync("/v1/audit");
        Assert.Same(failure, thrown);
        Assert.Equal(expected, Assert.Single(trail.EnumerateArray()).GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Refusals_do_not_push_out_changes_and_429_is_not_told()
    {
        await using var host = await ApiHost.StartAsync();
        var trail = host.Service<AuditTrail>();
        foreach (var i in Enumerable.Range(0, 500)) trail.Note(Entry with { Status = 403, Caller = $"c{i % 100}" });
        var audit = new AuditMiddleware(
            context =>
            {
                context.Response.StatusCode = 429;
                return Task.CompletedTask;
            },
            trail,
            host.Clock,
            host.Service<GatewayName>());
        var limited = new DefaultHttpContext();
        limited.Request.Method = "POST";
        limited.Features.Set<Caller>(new Caller.Admin());
        await audit.InvokeAsync(limited);

        var (_, entries) = await host.GetAsync("/v1/audit?count=1000");

        Assert.Equal(RefusalQuota.OfAll, entries.GetArrayLength());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(415)]
    [InlineData(499)]
    [InlineData(501)]
    [InlineData(503)]
    public async Task Whatever_somebody_is_refused_pushes_no_change_out(int status)
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/config", Service);
        var trail = host.Service<AuditTrail>();
        foreach (var _ in Enumerable.Range(0, 500)) trail.Note(Entry with { Status = status, Caller = "a viewer" });

        var (_, entries) = await host.GetAsync("/v1/audit?count=1000");

        Assert.Equal(RefusalQuota.OfOne + 1, entries.GetArrayLength());
    }

    [Fact]
    public async Task Refusals_do_not_take_the_place_of_failures()
    {
        await using var host = await ApiHost.StartAsync();
        var trail = host.Service<AuditTrail>();
        foreach (var _ in Enumerable.Range(0, 500)) trail.Note(Entry with { Status = 404 });
        trail.Note(Entry with { Status = 503 });

        var (_, entries) = await host.GetAsync("/v1/audit?count=1000");

        Assert.Equal(503, entries[0].GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Certificates_that_have_ended_and_are_refused_do_not_push_out_changes()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/v1/config", Service);
        Assert.True(SpiffeId.TryParse("spiffe://cluster.local/ns/app/sa/a", out var id));
        foreach (var serial in Enumerable.Range(0, AuditEntry.MaxKept + 100))
        {
            host.Service<EndedRefusals>().Note(new EndedCertificate(id, $"{serial:X}", host.Clock.GetUtcNow()), "because");
        }

        var (_, entries) = await host.GetAsync("/v1/audit?count=1000");

        Assert.Equal(RefusalQuota.OfOne + 1, entries.GetArrayLength());
    }

    [Fact]
    public async Task What_a_member_without_a_role_asks_for_is_told_and_takes_no_place_of_others()
    {
        const string Member = "spiffe://cluster.local/ns/app/sa/b";
        await using var host = await ApiHost.StartAsync();
        await host.BecomeAsync(Member, "app/b-1");
        for (var i = 0; i < 2 * RefusalQuota.OfOne; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ca/rotate");
            using var refused = await host.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        host.Service<AuditTrail>().Note(Entry with { Status = 404 });

        var (_, trail) = await host.GetAsync("/v1/audit");
        var told = trail.EnumerateArray().Where(e => e.GetProperty("caller").GetString() == Member).ToList();
        Assert.Equal(RefusalQuota.OfOne, told.Count);
        Assert.Equal(RefusalQuota.OfOne + 1, trail.GetArrayLength());
        Assert.Equal("[what follows within the hour may be in the log only]", told[0].GetProperty("subject").GetString()); // the newest
        Assert.All(told[1..], e => Assert.Equal("", e.GetProperty("subject").GetString()));
    }

    [Theory]
    [InlineData("DELETE", "/v1/workloads/app/b-9", "", 404)]
    [InlineData("POST", "/v1/workloads", """{"namespace":"app","name":"b-9","serviceAccount":"c","address":"10.0.0.1"}""", 403)]
    public async Task What_a_member_asks_for_another_is_told(string method, string path, string body, int status)
    {
        await using var host = await ApiHost.StartAsync();
        await host.BecomeAsync("spiffe://cluster.local/ns/app/sa/b", "app/b-1");
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, null, "application/json") };

        using var answer = await host.SendAsync(request);

        var (_, trail) = await host.GetAsync("/v1/audit");
        Assert.Equal(status, (int)answer.StatusCode);
        var told = Assert.Single(trail.EnumerateArray());
        Assert.Equal((status, path), (told.GetProperty("status").GetInt32(), told.GetProperty("path").GetString()));
    }

    [Fact]
    public void One_caller_does_not_take_the_place_of_all_refusals()
    {
        var now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var quota = new RefusalQuota();

        var taken = Enumerable.Range(0, 100).Count(i => quota.TryTake("a", now, out var _));

        Assert.Equal(RefusalQuota.OfOne, taken);
        Assert.True(quota.TryTake("b", now, out _));
        now += TimeSpan.FromHours(1);
        Assert.True(quota.TryTake("a", now, out _));
    }

    [Fact]
    public async Task Nobody_but_the_admin_reads_it()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await host.GetAnonymouslyAsync("/v1/audit"));
    }

    [Fact]
    public async Task It_is_bounded_and_pages_go_back_without_a_gap()
    {
        await using var host = await ApiHost.StartAsync();
        var grain = host.Grain<IAuditGrain>();
        const int Count = AuditEntry.MaxKept + 100;
        for (var i = 0; i < Count; i += 20)
        {
            await grain.AppendAsync([.. Enumerable.Range(0, 20).Select(_ => Entry)], CancellationToken.None);
        }

        var numbers = new List<long>();
        for (long before = 0; ; before = numbers[^1])
        {
            var page = await grain.ListAsync(before, 77, CancellationToken.None);
            if (page.IsEmpty) break;
            numbers.AddRange(page.Select(entry => entry.Number));
        }

        var total = (Count + 19) / 20 * 20;
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(i => (long)total - i), numbers);
        Assert.Equal(AuditEntry.MaxKept, numbers.Count);
    }

    private static AuditEntry Entry => new(0, default, "admin", "::1", "POST", "/v1/config", 200, null, "g");
}
#endif
