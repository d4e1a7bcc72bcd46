#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Silo.Tests.Api;

public sealed class RevocationEndpointTests
{
    private const string Id = "spiffe://cluster.local/ns/app/sa/a";

    [Fact]
    public async Task A_revoked_certificate_is_listed_told_of_audited_and_good_for_nothing()
    {
        await using var host = await ApiHost.StartAsync();
        var serial = await host.BecomeAsync(Id, "node");
        using var before = await host.GetAsync("/v1/whoami", bearer: null);

        var (status, answer) = await host.PostAsync($"/v1/ca/revocations/{serial.ToLowerInvariant()}?reason=key-compromise", "{}");

        Assert.Equal((HttpStatusCode.OK, Id), (status, answer.GetProperty("spiffeId").GetString()));
        var (_, all) = await host.GetAsync("/v1/ca/revocations");
        var row = Assert.Single(all.EnumerateArray());
        Assert.Equal((serial, "key-compromise"), (row.GetProperty("serial").GetString(), row.GetProperty("reason").GetString()));
        using var after = await UnauthorizedAsync(host);
        Assert.NotEqual(HttpStatusCode.Unauthorized, before.StatusCode);
        Assert.Contains(serial, await after.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var lists = await host.GetAsync("/v1/ca/crl", bearer: null);
        Assert.True(RevocationListReader.TryReadPem(await lists.Content.ReadAsStringAsync(), out var read, out _));
        Assert.Equal(serial, Assert.Single(Assert.Single(read).Entries).Serial);
        var (_, trail) = await host.GetAsync("/v1/audit");
        Assert.Contains(trail.EnumerateArray(), entry =>
            entry.GetProperty("path").GetString()!.Equals($"/v1/ca/revocations/{serial}", StringComparison.OrdinalIgnoreCase)
            && entry.GetProperty("caller").GetString() == "admin");
        Assert.Empty(await host.Grain<IIdentityGrain>(Id).ListAsync(default));
    }

    [Theory]
    [InlineData("xyz", "superseded", HttpStatusCode.BadRequest)]
    [InlineData("AABB", "because", HttpStatusCode.BadRequest)]
    [InlineData("AABB", "superseded", HttpStatusCode.OK)]
    public async Task What_is_no_serial_and_no_reason_is_refused(string serial, string reason, HttpStatusCode expected)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _) = await host.PostAsync($"/v1/ca/revocations/{serial}?reason={reason}", "{}");

        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task Nobody_but_the_administrator_revokes()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await host.PostAnonymouslyAsync("/v1/ca/revocations/AABB", "{}"));
    }

    private static async Task<HttpResponseMessage> UnauthorizedAsync(ApiHost host)
    {
        for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
        {
            var response = await host.GetAsync("/v1/whoami", bearer: null);
            if (response.StatusCode is HttpStatusCode.Unauthorized) return response;
            Assert.True(DateTime.UtcNow < end, $"It is still {response.StatusCode}.");
            response.Dispose();
        }
    }
}
#endif
