using System.Text.Json;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>What the version before has saved, to the letter, is read: what it did not know has its default.</summary>
public sealed class FormerStateTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    private const string Part = """
        {"Generation":2,
         "Certificates":{"shop/cart-1":{"NodeId":"shop/cart-1","Serial":"0B","Issuer":"CN=signer","NotBefore":"2025-12-29T12:00:00+00:00",
          "NotAfter":"2025-12-30T12:00:00+00:00","RotateAt":"2025-12-30T00:00:00+00:00","Generation":2,"IssuedAt":"2025-12-29T12:05:00+00:00",
          "Root":"ab","DueAt":null}},
         "Entries":{"Version":7,"Held":{}},"Requests":[],"Attested":{"pod/u1":{"At":"2025-12-29T12:05:00+00:00","CsrHash":"AB"}},
         "Former":[{"NodeId":"shop/cart-1","Serial":"0A","NotAfter":"2025-12-30T00:00:00+00:00"}]}
        """;

    private const string Workload = """
        {"Registration":{"Address":"10.0.0.7","Ports":{"http":8080},"InboundPorts":{},"Labels":{"app":"cart"},"Locality":"","Network":"",
          "ServiceAccount":"cart","Weight":1,"Group":"","Lease":"00:00:30","HasSidecar":true,"SpiffeId":"spiffe://cluster.local/ns/shop/sa/cart"},
         "RegisteredAt":"2025-12-29T12:05:00+00:00","Draining":false,"ProbeFailed":false,"ProbeDetail":"","LeaseLost":true,
         "Entries":{"Version":3,"Held":{}}}
        """;

    [Fact]
    public async Task A_certificate_that_ended_before_the_update_is_good_for_the_next_one_after_it()
    {
        var stores = new TestStores();
        var place = IdentityParts.PlaceOf("shop/cart-1");
        await SaveAsync(stores, "identity", "parts", Cart, $$"""{"Parts":[{{place}}]}""");
        await SaveAsync(stores, "identitypart", "part", $"{Cart}#{place}", Part);
        await using var silo = await TestSilo.StartAsync(stores);
        var identity = silo.Grain<IIdentityGrain>(Cart);

        Assert.Empty(await identity.ListAsync(default));
        Assert.Equal("shop/cart-1", await identity.FindNodeAsync("0A", default));
        var next = await identity.IssueAsync(
            new IssueRequest(
                [.. CsrSamples.P256()], "rest", null, new NodeProof("", MayRepeat: true, "0B", IsNameless: true, IsEnded: true)),
            default);

        Assert.Equal(("shop/cart-1", 2L), (Assert.IsType<IssueResult.Issued>(next).View.NodeId, ((IssueResult.Issued)next).View.Generation));
        Assert.Null(await identity.FindNodeAsync("0A", default));
        Assert.Equal("shop/cart-1", await identity.FindNodeAsync("0B", default));
    }

    [Fact]
    public async Task A_member_is_known_by_its_account()
    {
        var stores = new TestStores();
        await SaveAsync(stores, "workload", "workload", "shop/cart-1", Workload);
        await using var silo = await TestSilo.StartAsync(stores);

        var read = JsonSerializer.Deserialize<WorkloadState>(Workload, StateJson.Options)!;

        Assert.Equal(("", 3L, true), (read.LapsedAccount, read.Entries.Version, read.LeaseLost));
        Assert.Equal("cart", await silo.Grain<IWorkloadGrain>("shop/cart-1").FindAccountAsync(default));
        Assert.Null(await silo.Grain<IWorkloadGrain>("shop/cart-2").FindAccountAsync(default));
    }

    private static Task<string> SaveAsync(TestStores stores, string grain, string state, string key, string json) =>
        stores.State.WriteAsync(new GrainStateKey(StorageNames.Mesh, grain, state, key), json, removableFrom: null, null, default);
}
