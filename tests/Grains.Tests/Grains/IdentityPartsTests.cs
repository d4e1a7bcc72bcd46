using System.Collections.Immutable;
using System.Text.Json;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>An identity is kept in parts, and comes into them from the one record of former versions.</summary>
public sealed class IdentityPartsTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    private static readonly GrainStateKey _former = new(StorageNames.Mesh, "identity", "identity", Cart);

    [Fact]
    public async Task What_a_former_version_has_saved_is_moved_with_everything_in_it()
    {
        var stores = new TestStores();
        await using var silo = await TestSilo.StartAsync(stores);
        var (saved, csr) = await FormerAsync(silo, nodes: 30);

        var listed = await silo.Grain<IIdentityGrain>(Cart).ListAsync(default);
        var again = await IssueAsync(silo, "shop/cart-7", csr);
        var known = await silo.Grain<IIdentityGrain>(Cart).IssueAsync(
            new IssueRequest([.. CsrSamples.P256()], "shop/cart-7", null, new NodeProof("pod/u7", MayRepeat: false)), default);

        Assert.Equal(saved.Certificates.Values.OrderBy(c => c.NodeId, StringComparer.Ordinal), listed.AsEnumerable());
        Assert.Equal(saved.Certificates["shop/cart-7"], again.View); // nothing that was signed before is signed again
        Assert.IsType<IssueResult.Known>(known);
        var told = (await silo.ReadAsync()).Where(e => e.Key.StartsWith("identity/", StringComparison.Ordinal));
        Assert.Equal(30, told.Count());
        Assert.Empty((await SavedAsync(silo)).Certificates);
    }

    [Fact]
    public async Task A_move_that_is_cut_short_anywhere_is_gone_on_with()
    {
        for (var failing = 1; failing <= 5; failing++)
        {
            var stores = new TestStores();
            await using var silo = await TestSilo.StartAsync(stores);
            var (saved, csr) = await FormerAsync(silo, nodes: 3);
            var writes = 0;
            stores.State.BeforeWrite = _ =>
            {
                if (++writes == failing) throw new IOException("The disk is full.");
            };

            await Assert.ThrowsAnyAsync<Exception>(() => silo.Grain<IIdentityGrain>(Cart).ListAsync(default));
            stores.State.BeforeWrite = _ => { };
            await using var next = await TestSilo.StartAsync(stores);

            var listed = await next.Grain<IIdentityGrain>(Cart).ListAsync(default);
            Assert.Equal(saved.Certificates.Values.OrderBy(c => c.NodeId, StringComparer.Ordinal), listed.AsEnumerable());
            Assert.Equal(saved.Certificates["shop/cart-2"], (await IssueAsync(next, "shop/cart-2", csr)).View);
        }
    }

    [Fact]
    public async Task What_an_older_program_has_saved_since_is_moved_as_well()
    {
        var stores = new TestStores();
        await using var silo = await TestSilo.StartAsync(stores);
        var (saved, csr) = await FormerAsync(silo, nodes: 3);
        await silo.Grain<IIdentityGrain>(Cart).ListAsync(default);
        await using var other = await TestSilo.StartAsync(stores);
        var (since, _) = await FormerAsync(other, nodes: 1, serial: "FF", later: TimeSpan.FromMinutes(1));

        var listed = await other.Grain<IIdentityGrain>(Cart).ListAsync(default);

        Assert.Equal(3, listed.Length);
        Assert.Equal(since.Certificates["shop/cart-0"], listed[0]);
        Assert.Equal(saved.Certificates["shop/cart-2"], (await IssueAsync(other, "shop/cart-2", csr)).View);
    }

    [Fact]
    public async Task Of_a_node_the_part_is_the_same_whichever_way_it_is_written()
    {
        await Task.CompletedTask;
        var place = IdentityParts.PlaceOf("shop/cart-1");

        Assert.Equal(place, IdentityParts.PlaceOf("cart-1"));
        Assert.Equal(place, IdentityParts.PlaceOf("sidecar~10.0.0.1~cart-1.shop~shop.svc.cluster.local"));
        Assert.InRange(place, 0, IdentityParts.Count - 1);
    }

    [Fact]
    public async Task What_has_ended_leaves_all_parts_with_the_next_certificates()
    {
        await using var silo = await TestSilo.StartAsync();
        for (var i = 0; i < 5; i++) await IssueAsync(silo, $"shop/old-{i}", CsrSamples.P256());
        silo.Clock.Advance(TimeSpan.FromDays(2));

        for (var i = 0; i < 6; i++) await IssueAsync(silo, "shop/new", CsrSamples.P256());

        var told = (await silo.ReadAsync()).Where(
            e => e.Key.StartsWith("identity/", StringComparison.Ordinal) && e.Value.Payload is not null);
        Assert.Equal([$"identity/{Cart}|shop/new"], told.Select(e => e.Key));
    }

    [Fact]
    public async Task A_rotation_that_could_not_be_saved_everywhere_tells_what_it_has_saved_and_is_repeated()
    {
        await using var silo = await TestSilo.StartAsync();
        for (var i = 0; i < 8; i++) await IssueAsync(silo, $"shop/cart-{i}", CsrSamples.P256());
        var writes = 0;
        silo.Stores.State.BeforeWrite = key =>
        {
            if (key.StateName == "part" && ++writes == 4)
            {
                throw new Stores.StoreUnavailableException("The database does not answer.");
            }
        };

        await Assert.ThrowsAnyAsync<Exception>(() => silo.Grain<IIdentityGrain>(Cart).RotateAsync(default));
        var partly = await GenerationsAsync(silo);
        silo.Stores.State.BeforeWrite = _ => { };
        Assert.Equal(8, await silo.Grain<IIdentityGrain>(Cart).RotateAsync(default));

        Assert.Equal([0, 1], partly.Distinct().Order());
        Assert.Equal([2], (await GenerationsAsync(silo)).Distinct());
    }

    private static async Task<List<long>> GenerationsAsync(TestSilo silo) =>
    [
        .. (await silo.ReadAsync())
            .Where(e => e.Key.StartsWith("identity/", StringComparison.Ordinal))
            .Select(e => SnapshotPayload.ReadIdentity(e.Value.Payload!).Generation),
    ];

    private static async Task<IssueResult.Issued> IssueAsync(TestSilo silo, string node, byte[] csr) =>
        Assert.IsType<IssueResult.Issued>(
            await silo.Grain<IIdentityGrain>(Cart).IssueAsync(new IssueRequest([.. csr], node, null), default));

    private static async Task<IdentityState> SavedAsync(TestSilo silo) => JsonSerializer.Deserialize<IdentityState>(
        (await silo.Stores.State.ReadAsync(_former, default))!.Json, StateJson.Options)!;

    /// <summary>Saves an identity as the version before did: all of it in one record.</summary>
    private static async Task<(IdentityState Saved, byte[] Csr)> FormerAsync(
        TestSilo silo, int nodes, string serial = "A", TimeSpan later = default)
    {
        var csr = CsrSamples.P256();
        var now = silo.Clock.GetUtcNow() + later;
        var terms = Assert.IsType<ExamineResult.Acceptable>(await silo.Grain<ICertificateAuthorityGrain>(MeshKeys.Default)
            .ExamineAsync(new SignRequest(Cart, [.. csr], null, []), default));
        var stored = await silo.Stores.State.ReadAsync(_former, default);
        var state = stored is null
            ? new IdentityState()
            : JsonSerializer.Deserialize<IdentityState>(stored.Json, StateJson.Options)!;
        for (var i = 0; i < nodes; i++)
        {
            var key = IssueKey.Of(new IssueRequest([.. csr], $"shop/cart-{i}", null), terms);
            var (reserved, record) = IdentityMachine.Reserve(state, key, [1, 2, 3], now);
            var signed = new SignResult.Signed(["leaf", "signer"], $"{serial}{i}", "CN=signer", now, now + key.Lifetime);
            (state, _) = IdentityMachine.Record(reserved, Cart, record, signed, presented: "", 0.5, now);
            state = state with { Attested = state.Attested.SetItem($"pod/u{i}", new AttestedNode(now, key.CsrHash)) };
        }

        var json = JsonSerializer.Serialize(state with { Former = ImmutableArray<FormerCertificate>.Empty }, StateJson.Options);
        await silo.Stores.State.WriteAsync(_former, json, removableFrom: null, stored?.ETag, default);
        return (state, csr);
    }
}
