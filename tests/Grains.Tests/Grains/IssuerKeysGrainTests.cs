using MeshOrleans.Grains.Issuers;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

public sealed class IssuerKeysGrainTests
{
    private const string Address = "https://issuer.example/.well-known/openid-configuration";
    private const string Keys = """{"keys":[]}""";

    private static readonly TimeSpan _maxAge = TimeSpan.FromHours(24);

    [Fact]
    public async Task Keys_that_were_fetched_are_told_and_outlive_a_failure_and_a_restart()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issuer(silo).ReplaceAsync(Keys, 2, default);
        var fetched = silo.Clock.GetUtcNow();

        silo.Clock.Advance(_maxAge - TimeSpan.FromSeconds(1));
        await Issuer(silo).NoteFailureAsync("gone", _maxAge, default);
        await using var next = await TestSilo.StartAsync(silo.Stores, silo.Clock);
        await Issuer(next).NoteFailureAsync("still gone", _maxAge, default);

        Assert.Equal(Keys, (await next.ReadAsync())[$"keyset/{Address}"].Payload);
        Assert.Equal(new IssuerRecord(fetched, 2, "still gone"), await RecordAsync(next));
    }

    [Fact]
    public async Task Keys_that_are_too_old_go_when_fetching_fails_and_come_back_with_the_next_success()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issuer(silo).ReplaceAsync(Keys, 2, default);
        var fetched = silo.Clock.GetUtcNow();

        silo.Clock.Advance(_maxAge);
        await Issuer(silo).NoteFailureAsync("gone", _maxAge, default);

        Assert.DoesNotContain($"keyset/{Address}", (await silo.ReadAsync()).Keys);
        Assert.Equal(new IssuerRecord(fetched, 0, "gone"), await RecordAsync(silo));

        await Issuer(silo).ReplaceAsync(Keys, 1, default);

        Assert.Equal(Keys, (await silo.ReadAsync())[$"keyset/{Address}"].Payload);
        Assert.Equal(new IssuerRecord(silo.Clock.GetUtcNow(), 1, null), await RecordAsync(silo));
    }

    [Fact]
    public async Task A_first_failure_is_told_without_keys()
    {
        await using var silo = await TestSilo.StartAsync();

        await Issuer(silo).NoteFailureAsync(new string('x', 5000), _maxAge, default);

        Assert.Equal([$"issuer/{Address}"], (await silo.ReadAsync()).Keys);
        Assert.Equal(new IssuerRecord(null, 0, new string('x', 512)), await RecordAsync(silo));
    }

    [Fact]
    public async Task The_same_keys_again_are_no_change_of_the_keys()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issuer(silo).ReplaceAsync(Keys, 2, default);
        var before = (await silo.ReadAsync())[$"keyset/{Address}"].OwnerVersion;

        silo.Clock.Advance(TimeSpan.FromMinutes(20));
        await Issuer(silo).ReplaceAsync(Keys, 2, default);

        Assert.Equal(before, (await silo.ReadAsync())[$"keyset/{Address}"].OwnerVersion);
        Assert.Equal(silo.Clock.GetUtcNow(), (await RecordAsync(silo)).FetchedAt);
    }

    [Fact]
    public async Task What_nobody_wants_any_more_goes()
    {
        await using var silo = await TestSilo.StartAsync();
        await Issuer(silo).ReplaceAsync(Keys, 2, default);

        await Issuer(silo).ForgetAsync(default);
        await Issuer(silo).ForgetAsync(default);

        Assert.Empty(await silo.ReadAsync());
    }

    private static IIssuerKeysGrain Issuer(TestSilo silo) => silo.Grain<IIssuerKeysGrain>(Address);

    private static async Task<IssuerRecord> RecordAsync(TestSilo silo) =>
        SnapshotPayload.ReadIssuer((await silo.ReadAsync())[$"issuer/{Address}"].Payload!);
}
