#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Silo.Tests.Api;

namespace MeshOrleans.Silo.Tests.Workloads;

/// <summary>For which workload a certificate is good: that of its node, and none of the others with its service account.</summary>
public sealed class OwnWorkloadTests
{
    private const string Account = "spiffe://cluster.local/ns/app/sa/b";

    [Theory]
    [InlineData("PUT", "/lease", null)]
    [InlineData("PUT", "/health", """{"healthy":false}""")]
    [InlineData("PUT", "/health", """{"draining":true}""")]
    [InlineData("DELETE", "", null)]
    public async Task Only_its_own_node_acts_for_a_workload(string method, string call, string? body)
    {
        await using var host = await ApiHost.StartAsync();
        await JoinAsync(host, "b-1");
        await JoinAsync(host, "b-2");
        await host.BecomeAsync(Account, "sidecar~10.0.0.1~b-2.app~app.svc.cluster.local");

        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(host, method, $"/v1/workloads/app/b-1{call}", body));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, method, $"/v1/workloads/app/b-2{call}", body));
        var (_, left) = await host.GetAsync("/v1/workloads/app/b-1");
        Assert.Equal("Healthy", left.GetProperty("health").GetString());
    }

    [Theory]
    [InlineData(1, HttpStatusCode.NoContent, HttpStatusCode.NotFound)]
    [InlineData(2, HttpStatusCode.NotFound, HttpStatusCode.NotFound)]
    public async Task However_often_it_is_renewed_it_acts_for_no_other_node(int renewals, HttpStatusCode own, HttpStatusCode other)
    {
        await using var host = await ApiHost.StartAsync();
        await JoinAsync(host, "b-1");
        await JoinAsync(host, "b-2");
        await host.BecomeAsync(Account, "app/b-2");
        var oldest = host.Certificate;
        for (var i = 0; i < renewals; i++) await host.BecomeAsync(Account, "app/b-2");

        host.Certificate = oldest;

        Assert.Equal(own, await SendAsync(host, "PUT", "/v1/workloads/app/b-2/lease", body: null));
        Assert.Equal(other, await SendAsync(host, "PUT", "/v1/workloads/app/b-1/lease", body: null));
        Assert.Equal(other, await SendAsync(host, "DELETE", "/v1/workloads/app/b-1", body: null));
    }

    private static async Task JoinAsync(ApiHost host, string name)
    {
        var (status, _) = await host.PostAsync(
            "/v1/workloads",
            $$"""{"namespace":"app","name":"{{name}}","serviceAccount":"b","address":"10.0.0.1","ports":{"http":80} }""");
        Assert.Equal(HttpStatusCode.Created, status);
    }

    private static async Task<HttpStatusCode> SendAsync(ApiHost host, string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, null, "application/json");
        using var response = await host.SendAsync(request);
        return response.StatusCode;
    }
}
#endif
