using System.Collections.Immutable;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Grains.Tests.Machines;

internal static class WorkloadSamples
{
    public static readonly WorkloadName Name = new("shop", "cart-1");

    public static readonly WorkloadRegistration Cart = new()
    {
        Address = "10.0.0.7",
        Ports = ImmutableDictionary<string, int>.Empty.Add("http", 8080),
        InboundPorts = ImmutableDictionary<int, int>.Empty.Add(8080, 40_000),
        Labels = ImmutableDictionary<string, string>.Empty.Add("app", "cart").Add("version", "v1"),
        Locality = "eu/a/1",
        ServiceAccount = "cart",
        Weight = 2,
        Group = "cart",
        Lease = TimeSpan.FromSeconds(10),
        HasSidecar = true,
        SpiffeId = "spiffe://cluster.local/ns/shop/sa/cart",
    };
}
