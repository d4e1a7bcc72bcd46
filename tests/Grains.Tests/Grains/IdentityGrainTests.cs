using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class IdentityGrainTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    [Fact]
    public async Task A_certificate_is_issued_recorded_and_told()
    {
        await using var silo = await TestSilo.StartAsync();

        var issued = await Issue(silo, "node-1");

        using var leaf = X509Certificate2.CreateFromPem(issued.ChainPem[0]);
        Assert.Equal((leaf.SerialNumber, "node-1"), (issued.View.Serial, issued.View.NodeId));
        Assert.Equal(issued.View.NotBefore + ((issued.View.NotAfter - issued.View.NotBefore) / 2), issued.View.RotateAt);
        var told = SnapshotPayload.ReadIdentity((await silo.ReadAsync())[$"identity/{Cart}|node-1"].Payload!);
        Assert.Equal((leaf.SerialNumber, issued.View.RotateAt, 0L), (told.Serial, told.RotateAt, told.Generation));
        Assert.Equal([issued.View], (await Identity(silo).ListAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task What_is_known_survives_the_silo()
    {
        await using var silo = await TestSilo.StartAsync();
        var issued = await Issue(silo, "node-1");

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.Equal([issued.View], (await Identity(next).ListAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task A_rotation_makes_every_certificate_due()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issue(silo, "node-1");
        await Issue(silo, "node-2");

        Assert.Equal(2, await Identity(silo).RotateAsync(default));

        var told = (await silo.ReadAsync()).Where(e => e.Key.StartsWith("identity/", StringComparison.Ordinal));
        Assert.All(told, e => Assert.Equal(1, SnapshotPayload.ReadIdentity(e.Value.Payload!).Generation));
        Assert.Equal(1, (await Issue(silo, "node-1")).View.Generation);
    }

    [Fact]
    public async Task A_bad_request_is_refused_and_leaves_no_trace()
    {
        await using var silo = await TestSilo.StartAsync();

        var refused = await Identity(silo).IssueAsync(new IssueRequest([1, 2, 3], "node-1", null), default);
        var unnamed = await Identity(silo).IssueAsync(new IssueRequest([.. CsrSamples.P256()], "", null), default);

        Assert.Contains("PKCS#10", Assert.IsType<IssueResult.Refused>(refused).Reason);
        Assert.Contains("node id", Assert.IsType<IssueResult.Refused>(unnamed).Reason);
        Assert.Empty(await Identity(silo).ListAsync(default));
        Assert.DoesNotContain($"identity/{Cart}|node-1", (await silo.ReadAsync()).Keys);
    }

    [Fact]
    public async Task A_node_is_known_by_the_very_write_that_records_its_certificate()
    {
        await using var silo = await TestSilo.StartAsync();
        var request = new IssueRequest([.. CsrSamples.P256()], "node-1", null, new NodeProof("pod/u1", MayRepeat: false));
        var writes = 0;
        silo.Stores.State.BeforeWrite = key =>
        {
            if (key.StateName == "part" && Interlocked.Increment(ref writes) == 2) throw new IOException("lost between signing and saving");
        };

        await Assert.ThrowsAnyAsync<Exception>(() => Identity(silo).IssueAsync(request, default));
        silo.Stores.State.BeforeWrite = _ => { };
        var next = new IssueRequest([.. CsrSamples.P256()], "node-1", null, request.Proof);
        var second = await Identity(silo).IssueAsync(next, default);
        var third = await Identity(silo).IssueAsync(request, default);
        var repeated = await Identity(silo).IssueAsync(next, default);

        Assert.IsType<IssueResult.Issued>(second); // the first one was not locked out by what nobody has got
        Assert.IsType<IssueResult.Known>(third);
        Assert.IsType<IssueResult.Issued>(repeated);
        Assert.IsType<IssueResult.Known>(await Identity(silo).FindNodeFaultAsync(request, default));
        await using var later = await TestSilo.StartAsync(silo.Stores);
        Assert.IsType<IssueResult.Known>(await Identity(later).IssueAsync(request, default));
    }

    [Fact]
    public async Task A_certificate_is_for_the_node_that_it_was_issued_to()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = await Issue(silo, "shop/cart-1");
        var nobody = await Issue(silo, "agent~10.0.0.1");

        var other = await ByCertificate(own, "shop/cart-2");
        var same = await ByCertificate(own, "sidecar~10.0.0.1~cart-1.shop~shop.svc");
        var free = await ByCertificate(nobody, "shop/cart-3");

        Assert.Equal("shop/cart-1", Assert.IsType<IssueResult.OtherNode>(other).NodeId);
        Assert.IsType<IssueResult.Issued>(same);
        Assert.IsType<IssueResult.Issued>(free);

        Task<IssueResult> ByCertificate(IssueResult.Issued presented, string node) => Identity(silo).IssueAsync(
            new IssueRequest([.. CsrSamples.P256()], node, null, new NodeProof("", MayRepeat: true, presented.View.Serial)), default);
    }

    [Fact]
    public async Task An_identity_of_another_mesh_is_refused()
    {
        await using var silo = await TestSilo.StartAsync();
        var foreign = silo.Grain<IIdentityGrain>("spiffe://other.local/ns/shop/sa/cart");

        var result = await foreign.IssueAsync(new IssueRequest([.. CsrSamples.P256()], "node-1", null), default);

        Assert.Contains("trust domain", Assert.IsType<IssueResult.Refused>(result).Reason);
    }

    [Fact]
    public async Task The_identity_of_the_control_plane_is_issued_to_no_workload()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = silo.Grain<IIdentityGrain>("spiffe://cluster.local/ns/istio-system/sa/mesh-control-plane");

        var result = await own.IssueAsync(new IssueRequest([.. CsrSamples.P256()], "node-1", null), default);

        Assert.Contains("control plane", Assert.IsType<IssueResult.Refused>(result).Reason);
    }

    [Fact]
    public async Task The_authority_tells_its_root_once_and_keeps_it()
    {
        await using var silo = await TestSilo.StartAsync();
        var bundle = await Authority(silo).GetBundleAsync(default);
        var appends = silo.Stores.Snapshots.Appends;

        await using var next = await TestSilo.StartAsync(silo.Stores);
        var again = await Authority(next).GetBundleAsync(default);

        Assert.Equal(bundle.RootsPem.AsEnumerable(), again.RootsPem.AsEnumerable());
        Assert.Equal(("cluster.local", 1L, 1L), (again.TrustDomain, again.Sequence, bundle.Sequence));
        var told = SnapshotPayload.ReadBundle((await next.ReadAsync())["trust/cluster.local"].Payload!);
        Assert.True(told.IsLocal);
        Assert.Equal(bundle.RootsPem.AsEnumerable(), told.RootsPem.AsEnumerable());
        Assert.Equal(appends, next.Stores.Snapshots.Appends);
    }

    [Fact]
    public async Task Other_keys_are_another_root_with_a_higher_sequence()
    {
        var stores = new TestStores();
        await using var silo = await TestSilo.StartAsync(stores);
        var first = await Authority(silo).GetBundleAsync(default);

        stores.Keys.Keys = new AuthorityKeys(AuthorityCertificates.Create(
            Model.Identity.TrustDomain.Parse("cluster.local"), silo.Clock.GetUtcNow()));
        await using var next = await TestSilo.StartAsync(stores);
        var second = await Authority(next).GetBundleAsync(default);

        Assert.Equal((1L, 2L), (first.Sequence, second.Sequence));
        Assert.NotEqual(first.RootsPem[0], second.RootsPem[0]);
        Assert.Equal(2, SnapshotPayload.ReadBundle((await next.ReadAsync())["trust/cluster.local"].Payload!).Sequence);
    }

    [Fact]
    public async Task After_eight_months_the_signing_certificate_is_another_and_the_root_the_same()
    {
        await using var silo = await TestSilo.StartAsync(clock: new ManualTimeProvider());
        var before = await Issue(silo, "node-1");
        var root = (await Authority(silo).GetBundleAsync(default)).RootsPem[0];

        await using var later = await TestSilo.StartAsync(
            silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow().AddDays(250)));
        var after = await Issue(later, "node-1");

        Assert.NotEqual(before.ChainPem[1], after.ChainPem[1]);
        Assert.Equal(root, (await Authority(later).GetBundleAsync(default)).RootsPem[0]);
        Assert.Single(await Identity(later).ListAsync(default));
    }

    [Fact]
    public async Task Of_two_activations_that_renew_the_signing_certificate_both_sign_with_that_of_the_first()
    {
        await using var silo = await TestSilo.StartAsync();
        await using var other = await TestSilo.StartAsync(silo.Stores);
        await Issue(silo, "node-1");
        await Issue(other, "node-2"); // both authorities are active now
        silo.Clock.Advance(TimeSpan.FromDays(250));
        other.Clock.Advance(TimeSpan.FromDays(250));

        var first = await Authority(silo).SignAsync(new SignRequest(Cart, [.. CsrSamples.P256()], null, []), default);
        var second = await Authority(other).SignAsync(new SignRequest(Cart, [.. CsrSamples.P256()], null, []), default);

        var signer = Assert.IsType<SignResult.Signed>(first).ChainPem[1];
        Assert.Equal(silo.Stores.Keys.Keys!.First.SigningCertificate, signer);
        Assert.Equal(signer, Assert.IsType<SignResult.Signed>(second).ChainPem[1]);
    }

    private static IIdentityGrain Identity(TestSilo silo) => silo.Grain<IIdentityGrain>(Cart);

    private static ICertificateAuthorityGrain Authority(TestSilo silo) =>
        silo.Grain<ICertificateAuthorityGrain>(MeshKeys.Default);

    private static async Task<IssueResult.Issued> Issue(TestSilo silo, string node) => Assert.IsType<IssueResult.Issued>(
        await Identity(silo).IssueAsync(new IssueRequest([.. CsrSamples.P256()], node, null), default));
}
