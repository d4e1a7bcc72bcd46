using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Identity.Revocations;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Testing;
using static MeshOrleans.Grains.Tests.Grains.AuthoritySteps;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>What an operator revokes, and what an operator's own authority has.</summary>
public sealed class AuthorityRevocationTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");

    [Fact]
    public async Task A_revoked_certificate_is_refused_by_whoever_has_the_bundle_and_a_list_of_nothing_else_is_told()
    {
        await using var silo = await TestSilo.StartAsync();
        var (bad, good) = (await SignAsync(silo), await SignAsync(silo));
        var before = await ToldAsync(silo);

        var result = await RevokeAsync(silo, SerialOf(bad));

        var told = await ToldAsync(silo);
        Assert.Null(result.Fault);
        Assert.Empty(before.CrlsPem);
        Assert.Equal(before.Sequence, told.Sequence); // the roots are the same
        Assert.Contains($"Certificate {SerialOf(bad)} was revoked", Fault(bad, told), StringComparison.Ordinal);
        Assert.Contains("(key-compromise)", Fault(bad, told), StringComparison.Ordinal);
        Assert.Null(Fault(good, told));
        Assert.True(Assert.Single(Lists(told)).IsSignedBy(Signer(bad)));
    }

    [Fact]
    public async Task It_is_remembered_for_as_long_as_it_could_count_and_then_there_is_no_list_any_more()
    {
        var stores = new TestStores();
        string[] bad;
        await using (var first = await TestSilo.StartAsync(stores))
        {
            bad = await SignAsync(first);
            await RevokeAsync(first, SerialOf(bad), NotAfter(bad));
        }

        await using var silo = await TestSilo.StartAsync(stores);
        await TickAsync(silo);
        var kept = Assert.Single(await Authority(silo).ListRevokedAsync(default));
        Assert.Equal((SerialOf(bad), Cart, "key-compromise"), (kept.Serial, kept.SpiffeId, kept.Reason));
        Assert.NotNull(Fault(bad, await ToldAsync(silo)));
        silo.Clock.Advance(TimeSpan.FromHours(25));
        await TickAsync(silo);
        Assert.Single(await Authority(silo).ListRevokedAsync(default)); // it has ended, and may count for a while
        silo.Clock.Advance(EndedCertificateProof.LongestGrace);
        await UntilAsync(silo, bundle => bundle.CrlsPem.IsEmpty, "no list");

        Assert.Empty(await Authority(silo).ListRevokedAsync(default));
    }

    [Fact]
    public async Task One_that_nobody_knows_is_remembered_as_long_as_any_may_live()
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Authority(silo).RevokeAsync(new RevokeRequest("aa:bb", "", "superseded", null), default);
        var again = await Authority(silo).RevokeAsync(new RevokeRequest("AABB", Cart, "key-compromise", null), default);

        Assert.True(result.View!.NotAfter >= silo.Clock.GetUtcNow().AddHours(24));
        Assert.Equal(result.View, again.View); // it stays as it was
    }

    [Theory]
    [InlineData("zz", "superseded", "serial")]
    [InlineData("aabb", "because", "reason")]
    public async Task What_is_no_serial_or_no_reason_is_refused(string serial, string reason, string what)
    {
        await using var silo = await TestSilo.StartAsync();

        var result = await Authority(silo).RevokeAsync(new RevokeRequest(serial, "", reason, null), default);

        Assert.Contains(what, result.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_authoritys_own_certificates_are_not_revoked_one_by_one()
    {
        await using var silo = await TestSilo.StartAsync();
        var chain = await SignAsync(silo);

        var result = await RevokeAsync(silo, SerialNumber.Of(Signer(chain)));

        Assert.Contains("rotate-root", result.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_one_root_follows_another_both_tell_what_is_revoked()
    {
        await using var silo = await TestSilo.StartAsync();
        var bad = await SignAsync(silo);
        await RevokeAsync(silo, SerialOf(bad));

        await Authority(silo).RotateAsync(default);
        await UntilAsync(silo, bundle => bundle.CrlsPem.Length == 2, "a list of each root's signing certificate");
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        var told = await ToldAsync(silo);

        Assert.NotNull(Fault(bad, told));
        Assert.Null(Fault(await SignAsync(silo), told));
        Assert.Single(Lists(told), list => list.IsSignedBy(Signer(bad)));
    }

    [Fact]
    public async Task A_signing_certificate_that_is_followed_by_another_has_signed_a_last_list()
    {
        await using var silo = await TestSilo.StartAsync();
        var former = await SignAsync(silo);
        silo.Clock.Advance(TimeSpan.FromDays(300)); // more than two thirds of its life
        var next = await SignAsync(silo);
        Assert.NotEqual(former[1], next[1]);

        await RevokeAsync(silo, SerialOf(next));
        var told = await ToldAsync(silo);

        Assert.Single(Lists(told), list => list.IsSignedBy(Signer(former)));
        Assert.Single(Lists(told), list => list.IsSignedBy(Signer(next)));
        Assert.Single(Lists(told), list => !list.Entries.IsEmpty); // it had nothing to say
    }

    [Fact]
    public async Task A_plugged_in_list_is_told_with_one_of_the_signing_certificate_beside_it()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = await OwnAsync(silo);

        silo.Stores.Plugged.Revoked = own.List(silo.Clock.GetUtcNow(), own.Leaf);
        await UntilAsync(silo, bundle => bundle.CrlsPem.Length == 2, "the operator's list");
        var told = await ToldAsync(silo);

        Assert.Single(Lists(told), list => list.IsSignedBy(own.Root) && list.Entries.Length == 1);
        Assert.Single(Lists(told), list => list.IsSignedBy(own.Signer) && list.Entries.IsEmpty);
        Assert.Equal(RevokedCertificates.Of(told).Find(own.Leaf)!.Serial, SerialNumber.Of(own.Leaf));
    }

    [Fact]
    public async Task An_older_list_of_another_silo_and_a_missing_file_take_nothing_back()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = await OwnAsync(silo);
        var older = own.List(silo.Clock.GetUtcNow().AddMinutes(-10));
        silo.Stores.Plugged.Revoked = own.List(silo.Clock.GetUtcNow(), own.Leaf);
        await UntilAsync(silo, bundle => RevokedCertificates.Of(bundle).Count == 1, "the operator's list");
        var told = await ToldAsync(silo);

        silo.Stores.Plugged.Revoked = older;
        for (var i = 0; i < 20; i++) await TickAsync(silo);
        silo.Stores.Plugged.Revoked = [];
        for (var i = 0; i < 20; i++) await TickAsync(silo);

        Assert.Equal(told.CrlsPem.AsEnumerable(), (await ToldAsync(silo)).CrlsPem);
        silo.Stores.Plugged.Revoked = own.List(silo.Clock.GetUtcNow());
        await UntilAsync(silo, bundle => RevokedCertificates.Of(bundle).Count == 0, "a newer list of nothing");
    }

    [Fact]
    public async Task A_list_that_is_out_of_date_counts_and_its_owner_is_warned()
    {
        await using var silo = await TestSilo.StartAsync();
        var own = await OwnAsync(silo);
        silo.Stores.Plugged.Revoked = own.List(silo.Clock.GetUtcNow(), own.Leaf);
        await UntilAsync(silo, bundle => RevokedCertificates.Of(bundle).Count == 1, "the operator's list");

        silo.Clock.Advance(TimeSpan.FromDays(8));
        await TickAsync(silo);

        var view = await Authority(silo).DescribeAsync(default);
        Assert.Contains(view.Warnings, warning => warning.Contains("was to be renewed by", StringComparison.Ordinal));
        Assert.Equal(1, RevokedCertificates.Of(await ToldAsync(silo)).Count);
    }

    [Theory]
    [InlineData("foreign", "signed by none")]
    [InlineData("future", "yet to come")]
    public async Task A_list_that_proves_nothing_is_told_to_its_owner_and_not_taken_over(string kind, string what)
    {
        await using var silo = await TestSilo.StartAsync();
        var own = await OwnAsync(silo);
        var foreign = new OwnAuthority(silo.Clock.GetUtcNow());

        silo.Stores.Plugged.Revoked = kind == "foreign"
            ? foreign.List(silo.Clock.GetUtcNow(), own.Leaf)
            : own.List(silo.Clock.GetUtcNow().AddHours(1), own.Leaf);
        for (var i = 0; i < 20; i++) await TickAsync(silo);

        var view = await Authority(silo).DescribeAsync(default);
        Assert.Contains(view.Warnings, warning => warning.Contains(what, StringComparison.Ordinal));
        Assert.Empty((await ToldAsync(silo)).CrlsPem);
    }

    [Fact]
    public async Task A_certificate_that_is_forgotten_answers_no_repeated_request()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grain<IIdentityGrain>(Cart);
        var request = new IssueRequest([.. CsrSamples.P256()], "node", null);
        var first = Assert.IsType<IssueResult.Issued>(await grain.IssueAsync(request, default));

        Assert.True(await grain.ForgetAsync(first.View.Serial, default));
        Assert.False(await grain.ForgetAsync(first.View.Serial, default));

        Assert.Empty(await grain.ListAsync(default));
        var second = Assert.IsType<IssueResult.Issued>(await grain.IssueAsync(request, default));
        Assert.NotEqual(first.View.Serial, second.View.Serial);
    }

    [Fact]
    public void No_more_are_revoked_one_by_one_than_can_be_told_of()
    {
        var keys = new AuthorityKeys(AuthorityCertificates.Create(_domain, new ManualTimeProvider().GetUtcNow()));
        var record = new RevocationRecord("AA", "", "superseded", default, default);
        var state = new AuthorityState { Revoked = [.. Enumerable.Repeat(record, RevocationMachine.MaxRevoked)] };

        Assert.Contains("rotate-root", RevocationMachine.WhyNot(state, keys, "AABB"), StringComparison.Ordinal);
    }

    private static async Task<OwnAuthority> OwnAsync(TestSilo silo)
    {
        var own = new OwnAuthority(silo.Clock.GetUtcNow());
        silo.Stores.Plugged.Material = own.Material;
        await SignAsync(silo); // the first thing that the authority is asked for has it made from that
        return own;
    }

    private static Task<RevokeResult> RevokeAsync(TestSilo silo, string serial, DateTimeOffset? notAfter = null) =>
        Authority(silo).RevokeAsync(new RevokeRequest(serial, Cart, "key-compromise", notAfter), default);

    private static async Task UntilAsync(TestSilo silo, Func<TrustBundle, bool> condition, string what)
    {
        for (var i = 0; i < 500; i++)
        {
            if (condition(await ToldAsync(silo))) return;
            await TickAsync(silo);
            await Task.Yield();
        }

        throw new TimeoutException($"Nobody is told: {what}.");
    }

    private static ImmutableArray<RevocationList> Lists(TrustBundle bundle) => RevocationListReader.ReadTold(bundle.CrlsPem);

    private static string SerialOf(string[] chain)
    {
        using var leaf = X509Certificate2.CreateFromPem(chain[0]);
        return SerialNumber.Of(leaf);
    }

    private static X509Certificate2 Signer(string[] chain) => X509Certificate2.CreateFromPem(chain[1]);

    private static string? Fault(string[] chain, TrustBundle bundle)
    {
        var certificates = chain.Select(pem => X509Certificate2.CreateFromPem(pem)).ToArray();
        using var presented = new X509Chain();
        presented.ChainPolicy.ExtraStore.AddRange(certificates[1..]);
        var roots = new X509Certificate2Collection(
            bundle.RootsPem.Select(pem => X509Certificate2.CreateFromPem(pem)).ToArray());
        return PeerSvid.TryVerify(
            certificates[0],
            presented,
            _ => roots,
            RevokedCertificates.Of(bundle),
            certificates[0].NotBefore.AddMinutes(10),
            out _,
            out var problem)
            ? null
            : problem;
    }

    /// <summary>An operator's root and signing certificate, with the root's key.</summary>
    private sealed class OwnAuthority
    {
        private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public OwnAuthority(DateTimeOffset now)
        {
            Root = Request("CN=own root", _rootKey, 1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1000));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Signer = Below("CN=own signer", key, now);
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Leaf = Below("CN=former signer", other, now);
            Material = new AuthorityMaterial(
                Root.ExportCertificatePem(), SecretText.Empty, Signer.ExportCertificatePem(), SecretText.OfKey(key));
        }

        public X509Certificate2 Root { get; }

        public X509Certificate2 Signer { get; }

        /// <summary>Another certificate of the root.</summary>
        public X509Certificate2 Leaf { get; }

        public AuthorityMaterial Material { get; }

        public System.Collections.Immutable.ImmutableArray<RevocationList> List(
            DateTimeOffset at, params X509Certificate2[] revoked)
        {
            var pem = TestRevocations.Pem(
                Root, _rootKey, at, at.AddDays(7), [.. revoked.Select(c => (c, (X509RevocationReason?)null))]);
            Assert.True(RevocationListReader.TryReadPem(pem, out var lists, out var problem), problem);
            return lists;
        }

        private X509Certificate2 Below(string name, ECDsa key, DateTimeOffset now) => Request(name, key, 0).Create(
            Root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_rootKey),
            now.AddDays(-1),
            now.AddDays(900),
            AuthorityCertificates.NewSerial());

        private static CertificateRequest Request(string name, ECDsa key, int pathLength)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request;
        }
    }
}
