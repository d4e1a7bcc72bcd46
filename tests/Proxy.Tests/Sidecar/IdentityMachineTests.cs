using System.Security.Cryptography;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class IdentityMachineTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Without_a_certificate_it_joins() =>
        Assert.IsType<IdentityStep.Join>(IdentityMachine.Next(null, _clock.GetUtcNow(), 0));

    // A certificate of 24 h, valid since 5 min before the start of the clock.
    [Theory]
    [InlineData(-1, "Join")]
    [InlineData(0, "Wait")]
    [InlineData(12, "Wait")]
    [InlineData(14, "Wait")]
    [InlineData(14.5, "Renew")]
    [InlineData(18, "Renew urgent")]
    [InlineData(23.9, "Renew urgent")]
    [InlineData(24, "Join")]
    [InlineData(49, "Join")]
    public void It_waits_for_the_push_then_renews_by_itself(double hours, string expected)
    {
        using var authority = new TestAuthority(_clock);
        using var staged = StagedKey.Create(null);
        var svid = Svid.Join(
            Svid.ParseChain(authority.Sign(staged.Request, "spiffe://cluster.local/ns/a/sa/b"))!, staged.Key);

        var step = IdentityMachine.Next(svid, _clock.GetUtcNow().AddHours(hours), chance: 0);

        Assert.Equal(expected, step switch
        {
            IdentityStep.Renew { IsUrgent: true } => "Renew urgent",
            _ => step.GetType().Name,
        });
    }

    [Fact]
    public void Chance_spreads_the_renewals_of_a_mesh()
    {
        using var authority = new TestAuthority(_clock);
        using var staged = StagedKey.Create(null);
        var svid = Svid.Join(
            Svid.ParseChain(authority.Sign(staged.Request, "spiffe://cluster.local/ns/a/sa/b"))!, staged.Key);

        var early = Assert.IsType<IdentityStep.Wait>(IdentityMachine.Next(svid, _clock.GetUtcNow(), 0));
        var late = Assert.IsType<IdentityStep.Wait>(IdentityMachine.Next(svid, _clock.GetUtcNow(), 1));

        Assert.InRange((late.Time - early.Time) / svid.Lifetime, 0.099, 0.101);
    }

    [Fact]
    public void A_key_is_never_part_of_a_text()
    {
        using var staged = StagedKey.Create(null);

        Assert.Equal("StagedKey", $"{staged}");
        Assert.DoesNotContain(
            Convert.ToBase64String(
                staged.Key.ExportPkcs8PrivateKey()), PemEncoding.WriteString("X", staged.Request), StringComparison.Ordinal);
    }
}
