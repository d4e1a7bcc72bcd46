using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Testing;
using static MeshOrleans.Grains.Tests.Grains.AuthoritySteps;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>What must not go wrong while one root follows another.</summary>
public sealed class AuthoritySafeguardTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");

    [Fact]
    public async Task A_plugged_in_signing_certificate_is_renewed_while_a_rotation_is_under_way()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        var root = AuthorityCertificates.Create(_domain, silo.Clock.GetUtcNow());
        silo.Stores.Plugged.Material = root with { RootKey = SecretText.Empty };
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        var first = await RenewAsync(silo, root);
        await UntilAsync(silo, keys => keys.Second?.SigningCertificate == first, "the one of the next root");

        await PhaseAsync(silo, AuthorityPhase.Retiring, TimeSpan.FromMinutes(5));
        var second = await RenewAsync(silo, root);
        await UntilAsync(silo, keys => keys.Second?.SigningCertificate == second, "the one that signs");

        Assert.Equal(second, (await SignAsync(silo))[1]);
        Assert.Equal(AuthorityPhase.Retiring, (await Authority(silo).DescribeAsync(default)).Phase);
    }

    [Fact]
    public async Task Turning_back_again_changes_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = (await BundleAsync(silo)).RootsPem.Single();
        await Authority(silo).RotateAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);

        var once = await Authority(silo).TurnBackAsync(default);
        var twice = await Authority(silo).TurnBackAsync(default);

        Assert.Equal((null, null), (once.Reason, twice.Reason));
        Assert.Equal(first, (await BundleAsync(silo)).SigningRootPem);
        Assert.Equal(once.View.Sequence, twice.View.Sequence);
    }

    [Fact]
    public async Task Who_knows_only_the_root_that_was_turned_back_follows()
    {
        await using var silo = await TestSilo.StartAsync();
        await Authority(silo).RotateAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        var second = (await BundleAsync(silo)).SigningRootPem!; // a token that is minted now pins it

        await Authority(silo).TurnBackAsync(default);

        Assert.Null(Problem(await SignAsync(silo), second));
        for (var i = 0; i < 6 * 23; i++) await TickAsync(silo, TimeSpan.FromMinutes(10));
        Assert.Contains(second, (await BundleAsync(silo)).RootsPem); // though nothing was signed under it
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_drops_no_root()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        await Authority(silo).RotateAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);

        silo.Clock.Shift(TimeSpan.FromDays(2));
        for (var i = 0; i < 60; i++) await TickAsync(silo);

        Assert.Equal(AuthorityPhase.Retiring, (await Authority(silo).DescribeAsync(default)).Phase);
        await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task Time_for_which_a_root_has_stayed_counts_for_the_next_silo_too()
    {
        var stores = new TestStores();
        var start = new ManualTimeProvider();
        await using (var silo = await TestSilo.StartAsync(stores, start))
        {
            await SignAsync(silo);
            await Authority(silo).RotateAsync(default);
            await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
            for (var i = 0; i < 6 * 20; i++) await TickAsync(silo, TimeSpan.FromMinutes(10)); // 20 of a bit more than 24 h
        }

        await using var next = await TestSilo.StartAsync(stores, new ManualTimeProvider(start.GetUtcNow()));
        var begin = next.Clock.GetUtcNow();
        await PhaseAsync(next, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));

        Assert.InRange(next.Clock.GetUtcNow() - begin, TimeSpan.FromHours(3), TimeSpan.FromHours(6));
    }

    [Fact]
    public async Task Each_phase_of_a_rotation_can_be_ended_by_force()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        Assert.NotNull((await Authority(silo).ForceAsync(AuthorityPhase.Publishing, 1, default)).Reason);
        silo.Stores.Plugged.Material = Plugged("other.example"); // another name, so no link: it would be published for a day
        var view = await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        Assert.Contains("Nothing links", Assert.Single((await Authority(silo).DescribeAsync(default)).Warnings), StringComparison.Ordinal);
        Assert.True(view.StepAt - view.Since >= TimeSpan.FromHours(24));

        var signs = await Authority(silo).ForceAsync(AuthorityPhase.Publishing, view.Sequence, default);
        var again = await Authority(silo).ForceAsync(AuthorityPhase.Publishing, view.Sequence, default);
        var other = await Authority(silo).ForceAsync(AuthorityPhase.Retiring, view.Sequence, default);
        Assert.Contains("it is retiring now", again.Reason, StringComparison.Ordinal); // a repeat ends no second phase
        Assert.Equal((AuthorityPhase.Retiring, AuthorityPhase.Retiring), (again.View.Phase, other.View.Phase));
        Assert.NotNull(other.Reason);
        var leaves = await Authority(silo).ForceAsync(AuthorityPhase.Retiring, signs.View.Sequence, default);

        Assert.Equal((null, AuthorityPhase.Retiring), (signs.Reason, signs.View.Phase));
        Assert.Equal((null, AuthorityPhase.Settled), (leaves.Reason, leaves.View.Phase));
        Assert.Equal([silo.Stores.Plugged.Material.RootCertificate], (await BundleAsync(silo)).RootsPem.AsEnumerable());
    }

    [Fact]
    public async Task A_plugged_in_authority_that_is_no_good_is_refused_and_told_and_the_former_stays()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = (await BundleAsync(silo)).RootsPem.Single();
        silo.Stores.Plugged.Material = Plugged() with { Intermediates = Plugged().RootCertificate, SigningCertificate = "rubbish" };
        for (var i = 0; i < 10; i++) await TickAsync(silo);
        var old = AuthorityCertificates.Create(_domain, silo.Clock.GetUtcNow().AddYears(-1).AddHours(3));
        silo.Stores.Plugged.Material = old with { RootKey = SecretText.Empty };
        for (var i = 0; i < 10; i++) await TickAsync(silo);

        var view = await Authority(silo).DescribeAsync(default);

        Assert.Contains("lives longer", Assert.Single(view.Warnings), StringComparison.Ordinal);
        Assert.Equal((AuthorityPhase.Settled, first), (view.Phase, (await BundleAsync(silo)).SigningRootPem));
    }

    [Fact]
    public async Task A_plugged_in_signing_certificate_that_comes_to_its_end_is_told_of()
    {
        var stores = new TestStores();
        stores.Plugged.Material = Plugged(); // for a year
        await using var silo = await TestSilo.StartAsync(stores);
        Assert.Empty((await Authority(silo).DescribeAsync(default)).Warnings);

        silo.Clock.Jump(TimeSpan.FromDays(275));
        var late = (await Authority(silo).DescribeAsync(default)).Warnings;
        silo.Clock.Jump(TimeSpan.FromDays(100));
        var over = (await Authority(silo).DescribeAsync(default)).Warnings;

        Assert.Contains("put a renewed one", Assert.Single(late), StringComparison.Ordinal);
        Assert.Contains("has ended", Assert.Single(over), StringComparison.Ordinal);
        Assert.Equal(1, (await BundleAsync(silo)).Warnings);
    }

    [Fact]
    public async Task A_root_of_another_name_is_published_for_as_long_as_certificates_live()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        silo.Stores.Plugged.Material = Plugged("other.example");
        var since = (await PhaseAsync(silo, AuthorityPhase.Publishing, _second)).Since;

        await PhaseAsync(silo, AuthorityPhase.Retiring, TimeSpan.FromMinutes(5));

        Assert.True(silo.Clock.GetUtcNow() - since >= TimeSpan.FromHours(24));
    }

    // The write that publishes is lost on the way and arrives late: whoever reads the state in between must not act on it.
    [Fact]
    public async Task A_write_that_comes_late_leaves_no_root_without_its_keys()
    {
        var stores = new TestStores();
        await using var silo = await TestSilo.StartAsync(stores);
        var first = (await BundleAsync(silo)).RootsPem.Single();
        var isLost = false;
        stores.State.LosesAnswer = _ => stores.Keys.Keys!.Second is not null && !isLost && (isLost = true);

        await Assert.ThrowsAnyAsync<Exception>(() => Authority(silo).RotateAsync(default));
        for (var i = 0; i < 30; i++) await TickAsync(silo);

        Assert.True(isLost);
        var bundle = await BundleAsync(silo);
        Assert.Equal((first, 2), (bundle.RootsPem[0], bundle.RootsPem.Length)); // the rotation goes on
        Assert.Equal(bundle.RootsPem[1], stores.Keys.Keys!.Second?.RootCertificate);
    }

    [Fact]
    public async Task A_certificate_that_was_reserved_by_a_clock_ahead_does_not_outlive_its_root()
    {
        await using var silo = await TestSilo.StartAsync(configure: options => options.RetireGrace = TimeSpan.Zero);
        await Authority(silo).RotateAsync(default);
        silo.Clock.Advance(TimeSpan.FromMinutes(9));
        var now = silo.Clock.GetUtcNow();
        var reservation = new SerialReservation([.. AuthorityCertificates.NewSerial()], now.AddMinutes(4));
        var request = new SignRequest(Cart, [.. CsrSamples.P256()], null, [], reservation);
        var signed = Assert.IsType<SignResult.Signed>(await Authority(silo).SignAsync(request, default));

        var view = await PhaseAsync(silo, AuthorityPhase.Retiring, _second);

        Assert.True(view.StepAt >= signed.NotAfter, $"It leaves at {view.StepAt}, before {signed.NotAfter}.");
    }

    [Fact]
    public async Task An_own_root_that_comes_to_its_end_is_followed_by_another_one_by_itself()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = (await BundleAsync(silo)).RootsPem.Single();
        silo.Clock.Jump(TimeSpan.FromDays(365.25 * 7.9));
        await TickAsync(silo);
        Assert.Equal(AuthorityPhase.Settled, (await Authority(silo).DescribeAsync(default)).Phase);

        silo.Clock.Jump(TimeSpan.FromDays(60));
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);

        Assert.Equal([first], (await BundleAsync(silo)).RootsPem[..1].AsEnumerable());
        await Authority(silo).TurnBackAsync(default);
        for (var i = 0; i < 60; i++) await TickAsync(silo);
        Assert.Equal(AuthorityPhase.Settled, (await Authority(silo).DescribeAsync(default)).Phase); // it was not wanted
    }

    private static Task<string> RenewAsync(TestSilo silo, AuthorityMaterial root)
    {
        var next = AuthorityCertificates.WithNewSigner(root, _domain, silo.Clock.GetUtcNow());
        silo.Stores.Plugged.Material = next with { RootKey = SecretText.Empty };
        return Task.FromResult(next.SigningCertificate);
    }

    private static async Task UntilAsync(TestSilo silo, Func<AuthorityKeys, bool> isSo, string what)
    {
        for (var i = 0; !isSo(silo.Stores.Keys.Keys!); i++)
        {
            Assert.True(i < 100, $"It is not taken over: {what}.");
            await TickAsync(silo);
        }
    }
}
