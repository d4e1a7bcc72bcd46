using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using static MeshOrleans.Grains.Tests.Grains.AuthoritySteps;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>Keys of the authority that nobody needs any more leave the memory, and no key that is needed.</summary>
public sealed class AuthorityMemoryTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Of_a_rotation_only_the_keys_in_use_stay_in_memory()
    {
        await using var silo = await TestSilo.StartAsync();
        await SignAsync(silo);
        await Authority(silo).RotateAsync(default);
        await PhaseAsync(silo, AuthorityPhase.Retiring, _second);
        await SignAsync(silo);
        await PhaseAsync(silo, AuthorityPhase.Settled, TimeSpan.FromMinutes(10));
        for (var i = 0; silo.Stores.Keys.Keys!.Second is not null; i++)
        {
            Assert.True(i < 100, "The keys of the former root do not go.");
            await TickAsync(silo);
        }

        var held = silo.Stores.Keys.Keys!.First;
        var texts = silo.Stores.Keys.Seen.SelectMany(KeysOf).ToList();
        Assert.Contains(texts, text => !IsCleared(text));
        Assert.Contains(texts, IsCleared);
        Assert.All(texts.Where(text => !IsCleared(text)), text => Assert.True(text.Equals(held.RootKey) || text.Equals(held.SigningKey)));
        Assert.Null(Problem(await SignAsync(silo), held.RootCertificate));
        Assert.Null((await Authority(silo).RotateAsync(default)).Reason); // the root's own key is still there
    }

    [Fact]
    public async Task What_is_read_of_a_plugged_in_authority_again_and_again_is_cleared_each_time()
    {
        var stores = new TestStores();
        stores.Plugged.Material = Plugged();
        await using var silo = await TestSilo.StartAsync(stores);
        await SignAsync(silo);
        for (var i = 0; stores.Plugged.Read.Count < 5; i++)
        {
            Assert.True(i < 1_000, "The authority is not read again.");
            await TickAsync(silo);
        }

        await TickAsync(silo);
        Assert.True(stores.Plugged.Read.Count(read => !IsCleared(read.SigningKey)) <= 2); // the one in use, and one being read
        Assert.Null(Problem(await SignAsync(silo), stores.Plugged.Material!.RootCertificate));
    }

    [Fact]
    public async Task Nothing_stays_of_an_authority_when_its_silo_has_ended()
    {
        var stores = new TestStores();
        await using (var silo = await TestSilo.StartAsync(stores)) await SignAsync(silo);

        Assert.All(stores.Keys.Seen.SelectMany(KeysOf), text => Assert.True(IsCleared(text)));
        await using var next = await TestSilo.StartAsync(stores);
        Assert.Null(Problem(await SignAsync(next), stores.Keys.Keys!.First.RootCertificate));
    }

    private static IEnumerable<SecretText> KeysOf(AuthorityKeys keys) =>
        new[] { keys.First, keys.Second }.OfType<AuthorityMaterial>().SelectMany(one => new[] { one.RootKey, one.SigningKey });

    private static bool IsCleared(SecretText text) => !text.Span.ContainsAnyExcept('\0');
}
