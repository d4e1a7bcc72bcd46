using System.Net.Http.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>A member without sidecar that joins with a short lease, and never renews it.</summary>
internal static class LeasedMember
{
    /// <summary>Joins.</summary>
    public static async Task JoinAsync(ControlPlane process, string name, TimeSpan lease)
    {
        using var response = await process.Api.PostAsJsonAsync("/v1/workloads", new
        {
            @namespace = "default",
            name,
            address = "127.9.9.9",
            serviceAccount = "leased",
            ports = new { http = 8080 },
            labels = new { app = "leased" },
            leaseSeconds = (int)lease.TotalSeconds,
        });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Leaves.</summary>
    public static async Task LeaveAsync(ControlPlane process, string name)
    {
        using var response = await process.Api.DeleteAsync($"/v1/workloads/default/{name}");
        response.EnsureSuccessStatusCode();
    }
}
