using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Grains.Tests.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>What tests of the authority do and ask.</summary>
internal static class AuthoritySteps
{
    public const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const string SecretType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    /// <summary>An authority that an operator has plugged in.</summary>
    public static AuthorityMaterial Plugged(string name = "cluster.local") => AuthorityCertificates.Create(
        TrustDomain.Parse(name), new ManualTimeProvider().GetUtcNow()) with { RootKey = SecretText.Empty };

    /// <summary>Time goes on until the authority is in a phase.</summary>
    public static async Task<AuthorityView> PhaseAsync(
        TestSilo silo, AuthorityPhase phase, TimeSpan step, Func<bool>? isDead = null)
    {
        for (var i = 0; i < 2_000; i++)
        {
            var view = await Authority(silo).DescribeAsync(default);
            if (view.Phase == phase) return view;
            silo.Clock.Advance(step);
            if (isDead?.Invoke() is true) throw new IOException("Dead.");
            await Task.Yield();
        }

        throw new TimeoutException($"The authority does not come to {phase}.");
    }

    public static async Task TickAsync(TestSilo silo, TimeSpan? step = null)
    {
        silo.Clock.Advance(step ?? _second);
        await Authority(silo).DescribeAsync(default);
    }

    public static async Task<string[]> SignAsync(TestSilo silo)
    {
        var request = new SignRequest(Cart, [.. CsrSamples.P256()], null, []);
        return [.. Assert.IsType<SignResult.Signed>(await Authority(silo).SignAsync(request, default)).ChainPem];
    }

    public static Task<SubscriptionAnswer> TellAsync(TestSilo silo, string node, long sequence)
    {
        var connection = new ProxyConnection(
            "gateway", Cart, "shop", "127.0.0.2", System.Collections.Immutable.ImmutableDictionary<string, string>.Empty, "mesh");
        var type = new SubscriptionReport(SecretType, SubscriptionState.Synced, "1", "1", 1, "", default);
        var news = new StreamNews(node, DateTimeOffset.UnixEpoch, connection, [type], 0, IsClosed: false, TrustSequence: sequence);
        return silo.Grain<IProxySubscriptionGrain>(ProxyShares.KeyOf(node)).TellAsync("gateway", [news], default);
    }

    public static async Task<TrustBundle> ToldAsync(TestSilo silo) =>
        SnapshotPayload.ReadBundle((await silo.ReadAsync())["trust/cluster.local"].Payload!);

    public static Task<AuthorityBundle> BundleAsync(TestSilo silo) => Authority(silo).GetBundleAsync(default);

    public static ICertificateAuthorityGrain Authority(TestSilo silo) =>
        silo.Grain<ICertificateAuthorityGrain>(MeshKeys.Default);

    public static DateTimeOffset NotAfter(string[] chain)
    {
        using var leaf = X509Certificate2.CreateFromPem(chain[0]);
        return leaf.NotAfter.ToUniversalTime();
    }

    public static string? Problem(string[] chain, params string[] roots)
    {
        using var leaf = X509Certificate2.CreateFromPem(chain[0]);
        return Problem(chain, leaf.NotBefore.AddMinutes(10), roots);
    }

    public static string? Problem(string[] chain, DateTimeOffset now, string[] roots)
    {
        var certificates = chain.Select(pem => X509Certificate2.CreateFromPem(pem)).ToArray();
        using var presented = new X509Chain();
        presented.ChainPolicy.ExtraStore.AddRange(certificates[1..]);
        var trusted = new X509Certificate2Collection(roots.Select(pem => X509Certificate2.CreateFromPem(pem)).ToArray());
        return PeerSvid.TryVerify(certificates[0], presented, _ => trusted, now, out _, out var problem) ? null : problem;
    }
}
