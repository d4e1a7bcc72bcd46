using System.Text.Json;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Testing;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>No certificate is signed twice for one request, whatever dies in between.</summary>
public sealed class IssueOnceTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    private static readonly GrainStateKey _former = new(StorageNames.Mesh, "identity", "identity", Cart);
    private static readonly GrainStateKey _key = new(
        StorageNames.Mesh, "identitypart", "part", $"{Cart}#{IdentityParts.PlaceOf("node-1")}");

    private readonly byte[] _csr = CsrSamples.P256();

    [Fact]
    public async Task A_repeated_call_is_answered_with_the_same_certificate()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Issue(silo, _csr);
        var writes = silo.Stores.State.Writes;
        silo.Clock.Advance(TimeSpan.FromHours(11));

        var again = await Issue(silo, _csr);

        Assert.Equal(first.ChainPem.AsEnumerable(), again.ChainPem.AsEnumerable());
        Assert.Equal(first.View, again.View);
        Assert.Equal(writes, silo.Stores.State.Writes);
    }

    [Fact]
    public async Task It_is_so_after_the_silo_was_lost_too()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Issue(silo, _csr);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        var again = await Issue(next, _csr);

        Assert.Equal(first.ChainPem.AsEnumerable(), again.ChainPem.AsEnumerable());
        Assert.Equal(first.View, again.View);
    }

    [Fact]
    public async Task It_is_so_when_the_node_has_had_another_request_signed_meanwhile()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Issue(silo, _csr);
        var second = await Issue(silo, CsrSamples.P256());

        var again = await Issue(silo, _csr);

        Assert.NotEqual(first.View.Serial, second.View.Serial);
        Assert.Equal(first.View, again.View);
        Assert.Equal([second.View], (await Identity(silo).ListAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task When_the_save_after_signing_fails_the_repetition_has_the_serial_that_was_signed()
    {
        await using var silo = await TestSilo.StartAsync();
        FailWrite(silo, number: 2);

        await Assert.ThrowsAsync<IOException>(() => Issue(silo, _csr));
        var reserved = await ReservedSerial(silo);
        silo.Clock.Advance(TimeSpan.FromMinutes(5));
        var issued = await Issue(silo, _csr);

        Assert.Equal(reserved, issued.View.Serial);
        Assert.Equal([issued.View], (await Identity(silo).ListAsync(default)).AsEnumerable());
    }

    [Fact]
    public async Task When_the_silo_dies_before_that_save_the_next_one_signs_the_same_content()
    {
        await using var silo = await TestSilo.StartAsync();
        FailWrite(silo, number: 2);
        await Assert.ThrowsAsync<IOException>(() => Issue(silo, _csr));
        var reserved = await ReservedSerial(silo);

        await using var next = await TestSilo.StartAsync(
            silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow() + TimeSpan.FromMinutes(5)));
        var issued = await Issue(next, _csr);

        Assert.Equal(reserved, issued.View.Serial);
        Assert.Equal(silo.Clock.GetUtcNow().AddHours(24), issued.View.NotAfter);
    }

    [Fact]
    public async Task When_the_reservation_cannot_be_saved_nothing_is_signed()
    {
        await using var silo = await TestSilo.StartAsync();
        FailWrite(silo, number: 1);

        await Assert.ThrowsAsync<IOException>(() => Issue(silo, _csr));

        Assert.Empty(await Identity(silo).ListAsync(default));
        Assert.Null(await Saved(silo));
    }

    [Fact]
    public async Task Of_two_activations_the_slower_one_fails_and_then_answers_like_the_first()
    {
        await using var one = await TestSilo.StartAsync();
        await using var other = await TestSilo.StartAsync(one.Stores);
        Assert.Empty(await Identity(other).ListAsync(default)); // it has read the state that is out of date soon
        var first = await Issue(one, _csr);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Issue(other, _csr));
        var again = await Issue(other, _csr);

        Assert.Equal(first.ChainPem.AsEnumerable(), again.ChainPem.AsEnumerable());
        Assert.Equal(first.View, again.View);
    }

    [Fact]
    public async Task Of_two_activations_that_know_one_reservation_only_one_hands_its_certificate_out()
    {
        await using var one = await TestSilo.StartAsync();
        FailWrite(one, number: 2);
        await Assert.ThrowsAsync<IOException>(() => Issue(one, _csr));
        var reserved = await ReservedSerial(one);
        await using var other = await TestSilo.StartAsync(one.Stores);
        Assert.Empty(await Identity(other).ListAsync(default)); // it has read the reservation
        var first = await Issue(one, _csr);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Issue(other, _csr));
        var again = await Issue(other, _csr);

        Assert.Equal(reserved, first.View.Serial);
        Assert.Equal(first.ChainPem.AsEnumerable(), again.ChainPem.AsEnumerable());
    }

    [Fact]
    public async Task Another_request_is_another_certificate()
    {
        await using var silo = await TestSilo.StartAsync(configure: options => options.MaxLifetime = TimeSpan.FromDays(2));
        var first = await Issue(silo, _csr);

        Assert.NotEqual(first.View.Serial, (await Issue(silo, CsrSamples.P256())).View.Serial);
        Assert.NotEqual(first.View.Serial, (await Issue(silo, _csr, node: "node-2")).View.Serial);
        var longer = await Issue(silo, _csr, lifetime: TimeSpan.FromDays(2));
        Assert.NotEqual(first.View.Serial, longer.View.Serial);
        Assert.Equal(silo.Clock.GetUtcNow().AddDays(2), longer.View.NotAfter);
    }

    [Fact]
    public async Task When_its_certificate_is_due_a_request_is_a_new_one()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Issue(silo, _csr);

        silo.Clock.Advance(first.View.RotateAt - silo.Clock.GetUtcNow());
        var renewed = await Issue(silo, _csr);

        Assert.NotEqual(first.View.Serial, renewed.View.Serial);
        Assert.Equal(silo.Clock.GetUtcNow().AddHours(24), renewed.View.NotAfter);
    }

    [Fact]
    public async Task After_a_rotation_a_request_is_a_new_one()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await Issue(silo, _csr);

        await Identity(silo).RotateAsync(default);
        var renewed = await Issue(silo, _csr);

        Assert.NotEqual(first.View.Serial, renewed.View.Serial);
        Assert.Equal(1, renewed.View.Generation);
        Assert.Equal(renewed.View, (await Issue(silo, _csr)).View);
    }

    [Fact]
    public async Task Under_another_root_a_request_is_a_new_one()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issue(silo, _csr);
        var keys = AuthorityCertificates.Create(TrustDomain.Parse("cluster.local"), silo.Clock.GetUtcNow());
        silo.Stores.Keys.Keys = new AuthorityKeys(keys);

        await using var next = await TestSilo.StartAsync(silo.Stores);
        var renewed = await Issue(next, _csr);

        Assert.Equal(keys.SigningCertificate, renewed.ChainPem[1]);
    }

    [Fact]
    public async Task A_refused_request_saves_nothing()
    {
        await using var silo = await TestSilo.StartAsync();

        var garbage = await Identity(silo).IssueAsync(new IssueRequest([1, 2, 3], "node-1", null), default);
        var endless = await Identity(silo).IssueAsync(new IssueRequest([.. _csr], "node-1", TimeSpan.Zero), default);

        Assert.IsType<IssueResult.Refused>(garbage);
        Assert.IsType<IssueResult.Refused>(endless);
        Assert.Null(await Saved(silo));
    }

    [Fact]
    public async Task A_reservation_that_the_authority_cannot_use_is_not_kept()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Grain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(default);
        await using var yesterday = await TestSilo.StartAsync(
            silo.Stores, new ManualTimeProvider(silo.Clock.GetUtcNow().AddDays(-1)));

        var result = await Identity(yesterday).IssueAsync(new IssueRequest([.. _csr], "node-1", null), default);

        Assert.Contains("The authority begins at", Assert.IsType<IssueResult.Refused>(result).Reason);
        Assert.Empty((await Saved(yesterday))!.Requests);
    }

    [Fact]
    public async Task A_state_saved_by_the_version_before_is_read()
    {
        var stores = new TestStores();
        await stores.State.WriteAsync(_former, """{"Generation":3}""", removableFrom: null, expectedETag: null, default);
        await using var silo = await TestSilo.StartAsync(stores);

        var issued = await Issue(silo, _csr);

        Assert.Equal(3, issued.View.Generation);
        Assert.Equal(issued.View, (await Issue(silo, _csr)).View);
    }

    private static IIdentityGrain Identity(TestSilo silo) => silo.Grain<IIdentityGrain>(Cart);

    private static async Task<IssueResult.Issued> Issue(
        TestSilo silo, byte[] csr, string node = "node-1", TimeSpan? lifetime = null) =>
        Assert.IsType<IssueResult.Issued>(
            await Identity(silo).IssueAsync(new IssueRequest([.. csr], node, lifetime), default));

    /// <summary>Lets one write of the identity fail: 1 is its reservation, 2 is what was signed.</summary>
    private static void FailWrite(TestSilo silo, int number)
    {
        var writes = 0;
        silo.Stores.State.BeforeWrite = key =>
        {
            if (key == _key && ++writes == number) throw new IOException("The disk is full.");
        };
    }

    private static async Task<string> ReservedSerial(TestSilo silo)
    {
        var record = Assert.Single((await Saved(silo))!.Requests);
        Assert.Null(record.Answer);
        return Convert.ToHexString(record.Reservation.Serial.AsSpan());
    }

    private static async Task<IdentityState?> Saved(TestSilo silo) =>
        await silo.Stores.State.ReadAsync(_key, default) is { } stored
            ? JsonSerializer.Deserialize<IdentityState>(stored.Json, StateJson.Options)
            : null;
}
