using MeshOrleans.Grains.Audit;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>Nobody has certificates signed without end.</summary>
public sealed class IssueLimitGrainTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const int Burst = 3;

    [Fact]
    public async Task A_node_that_asks_too_often_is_refused_and_that_is_in_the_audit_trail_once()
    {
        await using var silo = await StartAsync();
        for (var i = 0; i < Burst; i++) Assert.IsType<IssueResult.Issued>(await IssueAsync(silo));
        var writes = silo.Stores.State.Writes;

        var refused = Assert.IsType<IssueResult.TooOften>(await IssueAsync(silo));
        for (var i = 0; i < 5; i++) Assert.IsType<IssueResult.TooOften>(await IssueAsync(silo));

        Assert.InRange(refused.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        var entry = Assert.Single(await silo.Grain<IAuditGrain>(MeshKeys.Default).ListAsync(0, 10, default));
        Assert.Equal((Cart, "shop/cart-1", 429), (entry.Caller, entry.Address, entry.Status));
        Assert.Equal(writes + 1, silo.Stores.State.Writes); // the entry of the trail
        Assert.IsType<IssueResult.Issued>(await IssueAsync(silo, "shop/cart-2"));
        silo.Clock.Advance(refused.RetryAfter);
        Assert.IsType<IssueResult.Issued>(await IssueAsync(silo));
    }

    [Fact]
    public async Task All_spellings_of_a_name_have_one_bucket_and_are_one_node()
    {
        await using var silo = await StartAsync();
        var issued = Assert.IsType<IssueResult.Issued>(await IssueAsync(silo));
        for (var i = 1; i < Burst; i++)
        {
            var renewed = await IssueAsync(silo, $"s{i}~x~cart-1.shop~x", serial: issued.View.Serial);
            issued = Assert.IsType<IssueResult.Issued>(renewed);
        }

        Assert.IsType<IssueResult.TooOften>(await IssueAsync(silo, "s~y~cart-1.shop~y", serial: issued.View.Serial));
        Assert.Single(await silo.Grain<IIdentityGrain>(Cart).ListAsync(default));
    }

    [Fact]
    public async Task A_certificate_that_is_no_nodes_renews_for_many_out_of_one_bucket()
    {
        await using var silo = await StartAsync();
        var issued = Assert.IsType<IssueResult.Issued>(await IssueAsync(silo, "rest"));
        for (var i = 1; i < Burst; i++)
        {
            Assert.IsType<IssueResult.Issued>(await IssueAsync(silo, $"shop/cart-{i}", serial: issued.View.Serial));
        }

        Assert.IsType<IssueResult.TooOften>(await IssueAsync(silo, "shop/cart-9", serial: issued.View.Serial));
        Assert.IsType<IssueResult.Issued>(await IssueAsync(silo, "shop/cart-9"));
    }

    [Fact]
    public async Task A_repeated_request_is_answered_however_often_it_comes()
    {
        await using var silo = await StartAsync();
        var csr = CsrSamples.P256();

        for (var i = 0; i < 3 * Burst; i++) Assert.IsType<IssueResult.Issued>(await IssueAsync(silo, csr: csr));
    }

    [Fact]
    public async Task Rotations_of_everything_are_never_too_many()
    {
        await using var silo = await StartAsync();
        for (var i = 0; i < Burst; i++) await IssueAsync(silo);

        for (var i = 0; i < 3 * Burst; i++)
        {
            await silo.Grain<IIdentityGrain>(Cart).RotateOverAsync(TimeSpan.FromSeconds(1), default);
            Assert.IsType<IssueResult.Issued>(await IssueAsync(silo));
        }
    }

    [Fact]
    public async Task The_rotation_of_the_root_is_never_too_much()
    {
        await using var silo = await StartAsync();
        for (var i = 0; i < Burst; i++) await IssueAsync(silo);

        await silo.Grain<ICertificateAuthorityGrain>(MeshKeys.Default).RotateAsync(default);

        Assert.IsType<IssueResult.Issued>(await IssueAsync(silo));
    }

    private static Task<TestSilo> StartAsync() => TestSilo.StartAsync(configure: options => options.IssueBurst = Burst);

    private static Task<IssueResult> IssueAsync(
        TestSilo silo, string node = "shop/cart-1", byte[]? csr = null, string serial = "")
    {
        var proof = serial.Length > 0 ? new NodeProof("", MayRepeat: true, serial) : null;
        return silo.Grain<IIdentityGrain>(Cart)
            .IssueAsync(new IssueRequest([.. csr ?? CsrSamples.P256()], node, null, proof), default);
    }
}
