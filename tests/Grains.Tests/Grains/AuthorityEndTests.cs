using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Testing;
using static MeshOrleans.Grains.Tests.Grains.AuthoritySteps;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>An authority that cannot sign any more, or not yet, is not made to.</summary>
public sealed class AuthorityEndTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_rotation_is_not_turned_back_to_an_authority_that_has_ended()
    {
        var (stores, clock) = (new TestStores(), new ManualTimeProvider());
        stores.Plugged.Material = Ending(clock, TimeSpan.FromHours(40));
        await using var silo = await TestSilo.StartAsync(stores, clock);
        await SignAsync(silo);
        stores.Plugged.Material = Plugged();
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        await PhaseAsync(silo, AuthorityPhase.Retiring, TimeSpan.FromMinutes(5));
        for (var i = 0; i < 6 * 20; i++) await TickAsync(silo, TimeSpan.FromMinutes(10));

        var back = await Authority(silo).TurnBackAsync(default);

        Assert.Contains("The root that would sign cannot", back.Reason, StringComparison.Ordinal);
        Assert.Equal(stores.Plugged.Material.RootCertificate, (await BundleAsync(silo)).SigningRootPem);
        await SignAsync(silo);
    }

    [Fact]
    public async Task An_authority_that_ends_while_it_is_published_is_not_made_to_sign()
    {
        var (stores, clock) = (new TestStores(), new ManualTimeProvider());
        await using var silo = await TestSilo.StartAsync(stores, clock, options => options.MaxLifetime = TimeSpan.FromDays(3));
        var request = new SignRequest(Cart, [.. CsrSamples.P256()], TimeSpan.FromDays(3), []);
        Assert.IsType<SignResult.Signed>(await Authority(silo).SignAsync(request, default));
        var first = (await BundleAsync(silo)).SigningRootPem;
        stores.Plugged.Material = Ending(clock, TimeSpan.FromDays(2), "other.example");
        var view = await PhaseAsync(silo, AuthorityPhase.Publishing, _second);

        for (var i = 0; i < 24 * 4; i++) await TickAsync(silo, TimeSpan.FromHours(1));
        var forced = await Authority(silo).ForceAsync(AuthorityPhase.Publishing, view.Sequence, default);

        Assert.Contains("The root that would sign cannot", forced.Reason, StringComparison.Ordinal);
        Assert.Contains(forced.View.Warnings, warning => warning.StartsWith("The rotation waits: ", StringComparison.Ordinal));
        Assert.Equal((AuthorityPhase.Publishing, first), (forced.View.Phase, (await BundleAsync(silo)).SigningRootPem));
        await SignAsync(silo);
        Assert.Null((await Authority(silo).TurnBackAsync(default)).Reason);
    }

    [Fact]
    public async Task A_root_stays_while_the_one_that_signs_has_ended_and_requests_are_refused()
    {
        var (stores, clock) = (new TestStores(), new ManualTimeProvider());
        await using var silo = await TestSilo.StartAsync(stores, clock, options => options.RetireGrace = TimeSpan.FromHours(2));
        await SignAsync(silo);
        stores.Plugged.Material = Ending(clock, TimeSpan.FromHours(49), "other.example");
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        var view = await PhaseAsync(silo, AuthorityPhase.Retiring, TimeSpan.FromMinutes(5));

        for (var i = 0; i < 30; i++) await TickAsync(silo, TimeSpan.FromHours(1));
        var forced = await Authority(silo).ForceAsync(AuthorityPhase.Retiring, view.Sequence, default);
        var signed = await Authority(silo).SignAsync(new SignRequest(Cart, [.. CsrSamples.P256()], null, []), default);

        Assert.Contains("has ended", Assert.IsType<SignResult.Refused>(signed).Reason, StringComparison.Ordinal);
        Assert.Contains("The root that would stay alone cannot sign", forced.Reason, StringComparison.Ordinal);
        Assert.Equal((AuthorityPhase.Retiring, 2), (forced.View.Phase, forced.View.Roots.Length));
        Assert.Null((await Authority(silo).TurnBackAsync(default)).Reason); // the former one still can
        await SignAsync(silo);
    }

    [Fact]
    public async Task A_clock_that_was_ahead_for_a_while_begins_no_rotation_and_stops_no_signature()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        var ahead = TimeSpan.FromDays(365.25 * 8.5);
        silo.Clock.Shift(ahead);
        for (var i = 0; i < 60; i++) await TickAsync(silo);
        await SignAsync(silo); // with a signing certificate of that time

        silo.Clock.Shift(-ahead);
        for (var i = 0; i < 60; i++) await TickAsync(silo);

        await SignAsync(silo);
        Assert.Equal(AuthorityPhase.Settled, (await Authority(silo).DescribeAsync(default)).Phase);
    }

    [Fact]
    public async Task A_root_without_a_link_waits_for_lifetimes_that_were_granted_before_they_were_lowered()
    {
        var (stores, clock) = (new TestStores(), new ManualTimeProvider());
        var month = TimeSpan.FromDays(30);
        await using (var silo = await TestSilo.StartAsync(stores, clock, options => options.MaxLifetime = month))
        {
            var request = new SignRequest(Cart, [.. CsrSamples.P256()], month, []);
            Assert.IsType<SignResult.Signed>(await Authority(silo).SignAsync(request, default));
        }

        await using var lowered = await TestSilo.StartAsync(stores, clock); // 24 h
        stores.Plugged.Material = Plugged("other.example");
        var view = await PhaseAsync(lowered, AuthorityPhase.Publishing, _second);

        Assert.True(view.StepAt - view.Since >= month, $"Published from {view.Since:u} to {view.StepAt:u}.");
    }

    [Fact]
    public async Task A_long_certificate_that_is_signed_while_a_root_is_published_does_not_put_it_off()
    {
        await using var silo = await TestSilo.StartAsync(configure: options => options.MaxLifetime = TimeSpan.FromDays(30));
        await SignAsync(silo); // 24 h
        silo.Stores.Plugged.Material = Plugged("other.example");
        var before = await PhaseAsync(silo, AuthorityPhase.Publishing, _second);

        var request = new SignRequest(Cart, [.. CsrSamples.P256()], TimeSpan.FromDays(30), []);
        Assert.IsType<SignResult.Signed>(await Authority(silo).SignAsync(request, default));

        Assert.Equal(before.StepAt, (await Authority(silo).DescribeAsync(default)).StepAt);
    }

    [Fact]
    public async Task Turning_back_from_a_root_whose_key_is_not_here_says_that_its_pins_are_lost()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        silo.Stores.Plugged.Material = Plugged();
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        await PhaseAsync(silo, AuthorityPhase.Retiring, TimeSpan.FromMinutes(5));
        var second = (await BundleAsync(silo)).SigningRootPem!;

        var back = await Authority(silo).TurnBackAsync(default);

        Assert.NotNull(Problem(await SignAsync(silo), second));
        Assert.Contains(back.View.Warnings, warning => warning.Contains("tokens that pin the latter", StringComparison.Ordinal));
    }

    [Fact]
    public void An_authority_ends_with_the_first_certificate_of_its_chain()
    {
        var now = new ManualTimeProvider().GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Request("CN=r", rootKey).CreateSelfSigned(now.AddDays(-1), now.AddHours(20));
        using var signer = Request("CN=s", key).Create(
            root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(rootKey),
            now.AddDays(-1),
            now.AddDays(100),
            AuthorityCertificates.NewSerial());
        var material = new AuthorityMaterial(
            root.ExportCertificatePem(), SecretText.Empty, signer.ExportCertificatePem(), SecretText.OfKey(key));

        Assert.Equal(root.NotAfter.ToUniversalTime(), AuthorityCertificates.EndOf(material).UtcDateTime);
        Assert.NotNull(AuthorityTrial.FindLifeFault(material, new AuthorityOptions(), now)); // 24 h
    }

    private static CertificateRequest Request(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    private static AuthorityMaterial Ending(ManualTimeProvider clock, TimeSpan left, string name = "cluster.local") =>
        AuthorityCertificates.Create(TrustDomain.Parse(name), clock.GetUtcNow().AddYears(-1) + left) with { RootKey = SecretText.Empty };
}
