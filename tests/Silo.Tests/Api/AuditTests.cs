#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Grains.Audit;

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
