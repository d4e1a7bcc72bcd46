using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Testing;
using static MeshOrleans.Grains.Tests.Grains.AuthoritySteps;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class AuthorityRotationTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_root_is_published_then_signs_then_the_former_one_leaves()
    {
        await using var silo = await TestSilo.StartAsync();
        var before = await SignAsync(silo);
        var first = (await BundleAsync(silo)).RootsPem.Single();

        var begun = await Authority(silo).RotateAsync(default);
        var again = await Authority(silo).RotateAsync(default);

        Assert.Null(begun.Reason);
        Assert.NotNull(again.Reason);
        var second = (await BundleAsync(silo)).RootsPem[1];
        Assert.Equal([first, second], (await ToldAsync(silo)).RootsPem.AsEnumerable());
        Assert.Null(Problem(await SignAsync(silo), first));
        Assert.NotNull(Problem(await SignAsync(silo), second));

        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        Assert.Equal(second, (await BundleAsync(silo)).SigningRootPem);
        Assert.Equal([first, second], (await ToldAsync(silo)).RootsPem.AsEnumerable());
        Assert.Null(Problem(await SignAsync(silo), second));
        Assert.Null(Problem(await SignAsync(silo), first)); // by the link
        Assert.True((await Authority(silo).DescribeAsync(default)).StepAt >= NotAfter(before));

        await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
        Assert.True(silo.Clock.GetUtcNow() > NotAfter(before));
        Assert.Equal([second], (await ToldAsync(silo)).RootsPem.AsEnumerable());
        Assert.Equal(2, (await SignAsync(silo)).Length); // no link any more
        await ForgottenAsync(silo, first);
    }

    [Fact]
    public async Task A_proxy_without_the_next_root_holds_it_up_for_a_while_and_is_named()
    {
        await using var silo = await TestSilo.StartAsync();
        var sequence = (await BundleAsync(silo)).Sequence;
        await TellAsync(silo, "late", sequence);
        await TellAsync(silo, "quick", sequence);

        await Authority(silo).RotateAsync(default);
        await TellAsync(silo, "quick", sequence + 1);
        var begin = silo.Clock.GetUtcNow();
        var audience = (await Authority(silo).DescribeAsync(default)).Audience;
        Assert.Equal((1, "late"), (audience.Holding, audience.Lagging.Single()));
        var view = await PhaseAsync(silo, AuthorityPhase.Retiring, _second);

        Assert.True(silo.Clock.GetUtcNow() - begin >= new AuthorityOptions().PublishPatience);
        Assert.Equal(["late"], view.Missed.AsEnumerable());
    }

    [Fact]
    public async Task Once_every_proxy_has_the_next_root_it_signs()
    {
        await using var silo = await TestSilo.StartAsync();
        var sequence = (await BundleAsync(silo)).Sequence;
        await TellAsync(silo, "late", sequence);
        await Authority(silo).RotateAsync(default);
        var begin = silo.Clock.GetUtcNow();
        for (var i = 0; i < 200; i++)
        {
            silo.Clock.Advance(_second);
            Assert.Equal(AuthorityPhase.Publishing, (await Authority(silo).DescribeAsync(default)).Phase);
        }

        await TellAsync(silo, "late", sequence + 1);
        var view = await PhaseAsync(silo, AuthorityPhase.Retiring, _second);

        Assert.True(silo.Clock.GetUtcNow() - begin < new AuthorityOptions().PublishPatience);
        Assert.Empty(view.Missed);
    }

    [Fact]
    public async Task A_published_root_can_be_given_up()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = (await BundleAsync(silo)).RootsPem.Single();
        Assert.NotNull((await Authority(silo).TurnBackAsync(default)).Reason);
        await Authority(silo).RotateAsync(default);

        var back = await Authority(silo).TurnBackAsync(default);

        Assert.Equal((null, AuthorityPhase.Settled), (back.Reason, back.View.Phase));
        Assert.Equal([first], (await ToldAsync(silo)).RootsPem.AsEnumerable());
    }

    [Fact]
    public async Task A_root_that_signs_can_be_turned_back_and_leaves_after_its_last_certificate()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = (await BundleAsync(silo)).RootsPem.Single();
        await Authority(silo).RotateAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        var under = await SignAsync(silo);

        await Authority(silo).TurnBackAsync(default);

        Assert.Equal((first, 2), ((await BundleAsync(silo)).SigningRootPem, (await BundleAsync(silo)).RootsPem.Length));
        await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
        Assert.True(silo.Clock.GetUtcNow() > NotAfter(under));
        Assert.Equal([first], (await ToldAsync(silo)).RootsPem.AsEnumerable());
    }

    // The n-th write of a whole rotation is the last thing that the first silo does, or the first that it does not do.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Wherever_a_silo_dies_the_next_one_goes_on(bool isWritten)
    {
        for (var n = 1; ; n++)
        {
            var stores = new TestStores();
            var dying = await TestSilo.StartAsync(stores, configure: options => options.DefaultLifetime = TimeSpan.FromHours(1));
            var first = (await BundleAsync(dying)).RootsPem.Single();
            var leaf = await SignAsync(dying);
            var isDead = await DieAsync(dying, n, isWritten);
            await dying.DisposeAsync(); // what it still does it can no longer write

            stores.State.BeforeWrite = _ => { };
            stores.Keys.BeforeWrite = () => { };
            await using var next = await TestSilo.StartAsync(
                stores, new ManualTimeProvider(dying.Clock.GetUtcNow()));
            await AssertSoundAsync(next, first, leaf);
            await PhaseAsync(next, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
            await AssertSoundAsync(next, first, leaf);
            Assert.Single((await ToldAsync(next)).RootsPem);
            Assert.Null((await Authority(next).RotateAsync(default)).Reason);
            if (!isDead) return;
        }
    }

    [Fact]
    public async Task A_plugged_in_authority_is_the_first_one_where_there_is_none_yet()
    {
        var stores = new TestStores();
        var plugged = stores.Plugged.Material = Plugged();
        await using var silo = await TestSilo.StartAsync(stores);

        Assert.Null(Problem(await SignAsync(silo), plugged.RootCertificate));
        Assert.Equal([plugged.RootCertificate], (await BundleAsync(silo)).RootsPem.AsEnumerable());
        Assert.Contains("plugged in", (await Authority(silo).RotateAsync(default)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugged_in_authority_with_another_root_is_rotated_to_once()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        silo.Stores.Plugged.Fault = "half of it is missing";
        for (var i = 0; i < 10; i++) await TickAsync(silo);
        Assert.Single((await BundleAsync(silo)).RootsPem);

        var plugged = silo.Stores.Plugged.Material = Plugged();
        silo.Stores.Plugged.Fault = null;
        await PhaseAsync(silo, AuthorityPhase.Publishing, _second);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        Assert.Null(Problem(await SignAsync(silo), plugged.RootCertificate));
        await Authority(silo).TurnBackAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
        for (var i = 0; i < 20; i++) await TickAsync(silo);

        Assert.Equal(AuthorityPhase.Settled, (await Authority(silo).DescribeAsync(default)).Phase);
        Assert.NotNull(Problem(await SignAsync(silo), plugged.RootCertificate));
    }

    [Fact]
    public async Task A_plugged_in_signing_certificate_under_the_same_root_is_taken_over_at_once()
    {
        var stores = new TestStores();
        var root = AuthorityCertificates.Create(TrustDomain.Parse("cluster.local"), new ManualTimeProvider().GetUtcNow());
        stores.Plugged.Material = root with { RootKey = SecretText.Empty };
        await using var silo = await TestSilo.StartAsync(stores);
        await SignAsync(silo);

        var next = AuthorityCertificates.WithNewSigner(root, TrustDomain.Parse("cluster.local"), silo.Clock.GetUtcNow());
        stores.Plugged.Material = next with { RootKey = SecretText.Empty };
        for (var i = 0; stores.Keys.Keys!.First.SigningCertificate != next.SigningCertificate; i++)
        {
            Assert.True(i < 100, "It is not taken over.");
            await TickAsync(silo);
        }

        Assert.Equal(next.SigningCertificate, (await SignAsync(silo))[1]);
        Assert.Equal(AuthorityPhase.Settled, (await Authority(silo).DescribeAsync(default)).Phase);
    }

    /// <summary>Rotates; whether the n-th write was reached, after (or before) which nothing is written any more.</summary>
    private static async Task<bool> DieAsync(TestSilo silo, int n, bool isWritten)
    {
        var writes = 0;
        silo.Stores.State.BeforeWrite = _ => Count();
        silo.Stores.Keys.BeforeWrite = Count;
        try
        {
            await Authority(silo).RotateAsync(default);
            await PhaseAsync(silo, AuthorityPhase.Retiring, _second, () => IsDead());
            await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10), () => IsDead());
            for (var i = 0; i < 10 && !IsDead(); i++) await TickAsync(silo); // the keys go
        }
        catch (IOException)
        {
        }

        return IsDead();

        bool IsDead() => Volatile.Read(ref writes) >= (isWritten ? n + 1 : n);

        void Count()
        {
            if (Interlocked.Increment(ref writes) >= (isWritten ? n + 1 : n)) throw new IOException("Dead.");
        }
    }

    private static async Task AssertSoundAsync(TestSilo silo, string first, string[] leaf)
    {
        var told = await ToldAsync(silo);
        var now = silo.Clock.GetUtcNow();
        Assert.Null(Problem(await SignAsync(silo), now, [.. told.RootsPem]));
        if (now < NotAfter(leaf)) Assert.Contains(first, told.RootsPem);
        Assert.Equal(told.RootsPem.AsEnumerable(), (await BundleAsync(silo)).RootsPem.AsEnumerable());
    }

    /// <summary>Time goes on until the keys of a root are gone.</summary>
    private static async Task ForgottenAsync(TestSilo silo, string root)
    {
        for (var i = 0; i < 200; i++)
        {
            if (silo.Stores.Keys.Keys is { Second: null } keys && keys.First.RootCertificate != root) return;
            await TickAsync(silo);
        }

        throw new TimeoutException("The keys of the former root stay.");
    }
}
