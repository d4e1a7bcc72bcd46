using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class SpiffeIdTests
{
    [Fact]
    public void A_workload_identity_names_its_namespace_and_service_account()
    {
        var id = SpiffeId.Parse("spiffe://cluster.local/ns/shop/sa/cart");

        Assert.Equal(("cluster.local", "shop", "cart"), (id.TrustDomain.Name, id.Namespace, id.ServiceAccount));
        Assert.Equal("cluster.local/ns/shop/sa/cart", id.Principal);
        Assert.Equal(id, SpiffeId.ForWorkload(id.TrustDomain, "shop", "cart"));
    }

    [Theory]
    [InlineData("https://cluster.local/ns/a/sa/b")]
    [InlineData("spiffe://")]
    [InlineData("spiffe:///ns/a/sa/b")]
    [InlineData("spiffe://Cluster.local/ns/a/sa/b")]
    [InlineData("spiffe://cluster.local:443/ns/a/sa/b")]
    [InlineData("spiffe://user@cluster.local/ns/a/sa/b")]
    [InlineData("spiffe://cluster.local/ns/a/sa/b?x=1")]
    [InlineData("spiffe://cluster.local/ns/a/sa/b#x")]
    [InlineData("spiffe://cluster.local/ns/../sa/b")]
    [InlineData("spiffe://cluster.local/ns/./sa/b")]
    [InlineData("spiffe://cluster.local/ns//sa/b")]
    [InlineData("spiffe://cluster.local/ns/a/sa/b/")]
    [InlineData("spiffe://cluster.local/ns/%2e%2e/sa/b")]
    [InlineData("spiffe://cluster.local/ns/a\0/sa/b")]
    [InlineData("spiffe://cluster.local/ns/ä/sa/b")]
    public void What_is_no_spiffe_id_is_refused(string text) => Assert.False(SpiffeId.TryParse(text, out _));

    [Fact]
    public void An_identity_is_at_most_2048_characters_long()
    {
        const string Prefix = "spiffe://cluster.local/";

        Assert.True(SpiffeId.TryParse(Prefix + new string('a', 2048 - Prefix.Length), out _));
        Assert.False(SpiffeId.TryParse(Prefix + new string('a', 2049 - Prefix.Length), out _));
    }

    [Theory]
    [InlineData("a/b", "c")]
    [InlineData("", "c")]
    [InlineData("..", "c")]
    public void A_namespace_cannot_smuggle_in_another_path(string ns, string account) =>
        Assert.Throws<FormatException>(() => SpiffeId.ForWorkload(TrustDomain.Parse("cluster.local"), ns, account));
}
