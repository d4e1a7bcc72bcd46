using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Machines;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class LinkGrainTests
{
    private static readonly TrustDomain _west = TrustDomain.Parse("west.local");
    private static readonly string _root = NewRoot();
    private static readonly string _newRoot = NewRoot();
    private static readonly string _list = NewList();
    private static readonly LinkTerms _terms = new("west.local", "10.1.0.1:15012", [_root], "secret", "hash");

    [Fact]
    public async Task A_link_brings_the_other_meshs_roots_and_services()
    {
        await using var silo = await TestSilo.StartAsync();

        Assert.IsType<LinkResult.Done>(await Link(silo).EstablishAsync(_terms, default));
        Assert.IsType<LinkResult.Done>(await Link(silo).ImportAsync(Exports("cart"), default));

        var told = await silo.ReadAsync();
        Assert.Equal(["import/west/shop/cart", "peer/west", "trust/west.local"], told.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("west", SnapshotPayload.ReadImport(told["import/west/shop/cart"].Payload!).Peer);
        Assert.False(SnapshotPayload.ReadBundle(told["trust/west.local"].Payload!).IsLocal);
        Assert.Equal(_terms.OutboundCredential, (await Link(silo).FindTermsAsync(default))!.OutboundCredential);
    }

    [Fact]
    public async Task This_meshs_own_trust_domain_is_refused()
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Link(silo).EstablishAsync(_terms with { TrustDomain = "cluster.local" }, default);

        Assert.Contains("own trust domain", Assert.IsType<LinkResult.Refused>(result).Reason);
        Assert.Null(await Link(silo).FindTermsAsync(default));
        Assert.Empty(await silo.ReadAsync());
    }

    [Fact]
    public async Task A_trust_domain_belongs_to_one_link_until_that_is_removed()
    {
        await using var silo = await TestSilo.StartAsync();
        var imposter = silo.Grain<ILinkGrain>("imposter");
        await Link(silo).EstablishAsync(_terms, default);

        Assert.IsType<LinkResult.Refused>(await imposter.EstablishAsync(_terms with { RootsPem = [_newRoot] }, default));
        Assert.Equal([_root], (await Roots(silo)).AsEnumerable());
        Assert.True(await Link(silo).RemoveAsync(default));
        Assert.Empty(await silo.ReadAsync());

        Assert.IsType<LinkResult.Done>(await imposter.EstablishAsync(_terms with { RootsPem = [_newRoot] }, default));
        Assert.Equal([_newRoot], (await Roots(silo)).AsEnumerable());
    }

    [Fact]
    public async Task A_reading_brings_new_roots_and_takes_away_what_is_no_longer_exported()
    {
        await using var silo = await TestSilo.StartAsync();
        await Link(silo).EstablishAsync(_terms, default);
        await Link(silo).ImportAsync(Exports("cart", "pay"), default);

        await Link(silo).ImportAsync(Exports("pay") with { RootsPem = [_root, _newRoot] }, default);

        Assert.DoesNotContain("import/west/shop/cart", (await silo.ReadAsync()).Keys);
        Assert.Equal([_root, _newRoot], (await Roots(silo)).AsEnumerable());
    }

    [Fact]
    public async Task A_reading_that_is_refused_changes_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        await Link(silo).EstablishAsync(_terms, default);
        await Link(silo).ImportAsync(Exports("cart"), default);
        var before = await silo.ReadAsync();

        Assert.IsType<LinkResult.Refused>(await Link(silo).ImportAsync(new ImportedState([_root], ["rubbish"]), default));
        Assert.IsType<LinkResult.Refused>(await Link(silo).ImportAsync(Exports("cart") with { RootsPem = [] }, default));

        Assert.Equal(before, await silo.ReadAsync());
    }

    [Fact]
    public async Task What_the_other_mesh_has_revoked_comes_with_a_reading_and_stays_when_a_later_one_does_not_say()
    {
        await using var silo = await TestSilo.StartAsync();
        await Link(silo).EstablishAsync(_terms, default);

        Assert.IsType<LinkResult.Done>(await Link(silo).ImportAsync(Exports("cart") with { CrlsPem = [_list] }, default));
        Assert.IsType<LinkResult.Done>(await Link(silo).ImportAsync(Exports("cart"), default));
        Assert.Equal([_list], (await Bundle(silo)).CrlsPem.AsEnumerable());

        var refused = await Link(silo).ImportAsync(Exports("cart", "pay") with { CrlsPem = [_list[..^40]] }, default);
        Assert.Contains("revoked", Assert.IsType<LinkResult.Refused>(refused).Reason, StringComparison.Ordinal);
        Assert.Equal([_list], (await Bundle(silo)).CrlsPem.AsEnumerable());
        Assert.Contains("import/west/shop/pay", (await silo.ReadAsync()).Keys);

        await Link(silo).ImportAsync(Exports("cart") with { CrlsPem = [] }, default);
        Assert.Empty((await Bundle(silo)).CrlsPem);
    }

    [Fact]
    public async Task A_failure_is_shown_and_costs_nothing_that_was_imported()
    {
        await using var silo = await TestSilo.StartAsync();
        await Link(silo).EstablishAsync(_terms, default);
        await Link(silo).ImportAsync(Exports("cart"), default);

        await Link(silo).NoteFailureAsync("connection refused", default);

        var told = await silo.ReadAsync();
        Assert.Contains("import/west/shop/cart", told.Keys);
        var peer = SnapshotPayload.ReadPeer(told["peer/west"].Payload!);
        Assert.Equal(("connection refused", silo.Clock.GetUtcNow()), (peer.Error, peer.LastSync));
    }

    [Fact]
    public async Task A_link_that_is_not_there_imports_nothing()
    {
        await using var silo = await TestSilo.StartAsync();

        Assert.IsType<LinkResult.Refused>(await Link(silo).ImportAsync(Exports("cart"), default));
        Assert.False(await Link(silo).RemoveAsync(default));
        await Link(silo).NoteFailureAsync("x", default);
        Assert.Empty(await silo.ReadAsync());
    }

    [Fact]
    public async Task A_link_moves_to_another_trust_domain_and_frees_its_first()
    {
        await using var silo = await TestSilo.StartAsync();
        await Link(silo).EstablishAsync(_terms, default);
        await Link(silo).ImportAsync(Exports("cart"), default);

        await Link(silo).EstablishAsync(_terms with { TrustDomain = "north.local" }, default);

        Assert.Equal(["peer/west", "trust/north.local"], (await silo.ReadAsync()).Keys.Order(StringComparer.Ordinal));
    }

    private static ILinkGrain Link(TestSilo silo) => silo.Grain<ILinkGrain>("west");

    private static async Task<IEnumerable<string>> Roots(TestSilo silo) => (await Bundle(silo)).RootsPem;

    private static async Task<TrustBundle> Bundle(TestSilo silo) =>
        SnapshotPayload.ReadBundle((await silo.ReadAsync())["trust/west.local"].Payload!);

    private static string NewList()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=west", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UnixEpoch.AddYears(56);
        using var issuer = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return TestRevocations.Pem(issuer, key, now, now.AddDays(1));
    }

    private static ImportedState Exports(params string[] names) => new(
        [_root],
        [
            .. names.Select(name => SnapshotPayload.Write(new ImportedService(
                "west.local", "shop", name, [new ImportedPort("http", 80, 80, "http")], [LinkRulesTests.Endpoint(_west)]))),
        ]);

    private static string NewRoot() =>
        AuthorityCertificates.Create(TrustDomain.Parse("west.local"), DateTimeOffset.UnixEpoch.AddYears(56)).RootCertificate;
}
