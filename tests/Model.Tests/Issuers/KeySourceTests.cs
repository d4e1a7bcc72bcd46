using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Tests.Issuers;

public sealed class KeySourceTests
{
    [Theory]
    [InlineData("https://i.example", "https://k.example/jwks", "", "https://k.example/jwks")]
    [InlineData("https://i.example", "", "", "https://i.example/.well-known/openid-configuration")]
    [InlineData("https://i.example/tenant/", "", "", "https://i.example/tenant/.well-known/openid-configuration")]
    [InlineData("https://i.example", "", "{}", null)]
    [InlineData("someone", "", "", null)]
    [InlineData("ftp://i.example", "", "", null)]
    [InlineData("", "https://user@k.example/", "", null)]
    [InlineData("", "https://k.example/#a", "", null)]
    [InlineData("", "https://ключ.example/", "", null)]
    public void Keys_come_from_the_rule_or_an_address(string issuer, string uri, string keys, string? expected) =>
        Assert.Equal(expected, KeySource.AddressOf(new JwtRule { Issuer = issuer, JwksUri = uri, Jwks = keys }));

    [Fact]
    public void An_address_that_is_too_long_is_none() =>
        Assert.False(KeySource.TryParse("https://k.example/" + new string('a', KeySource.MaxLength), out _));

    [Fact]
    public void The_issuer_of_a_discovery_document_is_known()
    {
        Assert.Equal("https://i.example/a", KeySource.IssuerOf("https://i.example/a/.well-known/openid-configuration"));
        Assert.Null(KeySource.IssuerOf("https://i.example/jwks"));
    }

    [Fact]
    public void Each_address_is_asked_once_with_the_longest_timeout_and_no_more_than_so_many()
    {
        var two = Mesh(
            new JwtRule { JwksUri = "https://a.example" },
            new JwtRule { JwksUri = "https://a.example", Timeout = TimeSpan.FromSeconds(9) },
            new JwtRule { JwksUri = "https://b.example", Timeout = TimeSpan.FromHours(1) });
        var many = Mesh([.. Enumerable.Range(0, 2 * KeySource.MaxCount).Select(i => new JwtRule { JwksUri = $"https://{i}.example" })]);

        Assert.Equal(
            [("https://a.example", 9.0), ("https://b.example", 30.0)],
            KeySource.WantedBy(two).Select(source => (source.Address, source.Timeout.TotalSeconds)));
        Assert.Equal(KeySource.MaxCount, KeySource.WantedBy(many).Length);
    }

    private static MeshSnapshot Mesh(params ImmutableArray<JwtRule> rules)
    {
        var key = new ConfigKey(nameof(RequestAuthentication), "app", "jwt");
        var resource = new ConfigResource { Key = key, Spec = new RequestAuthentication { JwtRules = rules } };
        return MeshSnapshot.Empty with { Config = MeshSnapshot.Empty.Config.Add(key, resource) };
    }
}
