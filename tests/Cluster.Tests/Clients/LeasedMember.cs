using System.Net;
using System.Net.Http.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>A member without sidecar that joins with a short lease, and never renews it.</summary>
internal static class LeasedMember
{
    // A call of the control plane ends after 7.5 s: a few of them.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>Joins.</summary>
    public static Task JoinAsync(ControlPlane process, string name, TimeSpan lease) => UntilAnsweredAsync(
        $"The joining of {name}",
        () => process.Api.PostAsJsonAsync("/v1/workloads", new
        {
            @namespace = "default",
            name,
            address = "127.9.9.9",
            serviceAccount = "leased",
            ports = new { http = 8080 },
            labels = new { app = "leased" },
            leaseSeconds = (int)lease.TotalSeconds,
        }));

    /// <summary>Leaves.</summary>
    public static Task LeaveAsync(ControlPlane process, string name) =>
        UntilAnsweredAsync($"The leaving of {name}", () => process.Api.DeleteAsync($"/v1/workloads/default/{name}"), isLeaving: true);

    /// <summary>As whoever is told 503: asks again after as long as the answer says. Any other refusal is a fault.</summary>
    private static async Task UntilAnsweredAsync(string what, Func<Task<HttpResponseMessage>> ask, bool isLeaving = false)
    {
        var end = DateTime.UtcNow + _patience;
        for (var isFirst = true; ; isFirst = false)
        {
            using var response = await ask();
            if (response.IsSuccessStatusCode) return;
            if (isLeaving && !isFirst && response.StatusCode is HttpStatusCode.NotFound) return; // it had left, but was not told
            Assert.True(
                response.StatusCode is HttpStatusCode.ServiceUnavailable && DateTime.UtcNow < end,
                $"{what} was answered with {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
            await Task.Delay(response.Headers.RetryAfter.Delta.Value);
        }
    }
}
