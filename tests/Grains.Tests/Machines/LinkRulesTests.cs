using MeshOrleans.Grains.Federation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class LinkRulesTests
{
    private static readonly TrustDomain _domain = TrustDomain.Parse("west.local");
    private static readonly ImportedService _service =
        new("west.local", "shop", "cart", [new ImportedPort("http", 80, 8080, "")], [Endpoint(_domain)]);

    public static Workload Endpoint(TrustDomain domain) => new()
    {
        Namespace = "shop",
        Name = "cart-1",
        Address = "10.1.0.7",
        HasSidecar = true,
        Identity = SpiffeId.ForWorkload(domain, "shop", "cart"),
    };

    [Fact]
    public void A_service_is_taken_over_under_the_links_own_name()
    {
        Assert.True(LinkRules.TryRead("west", _domain, [SnapshotPayload.Write(_service)], out var services, out _));

        var service = Assert.Single(services);
        Assert.Equal(("west", "shop", "cart"), (service.Peer, service.Namespace, service.Name));
    }

    [Fact]
    public void An_identity_of_another_trust_domain_is_refused()
    {
        var stolen = _service with { Endpoints = [Endpoint(TrustDomain.Parse("cluster.local"))] };

        AssertRefused(SnapshotPayload.Write(stolen));
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("0.0.0.0")]
    [InlineData("localhost")]
    public void An_endpoint_that_must_not_be_dialled_is_refused(string address) =>
        AssertRefused(SnapshotPayload.Write(_service with { Endpoints = [Endpoint(_domain) with { Address = address }] }));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"peer":"x","namespace":"shop","name":"cart","ports":[null],"endpoints":[]}""")]
    [InlineData("""{"peer":"x","namespace":"shop","name":"cart","ports":[],"endpoints":[null]}""")]
    [InlineData("""{"peer":"x","namespace":"../shop","name":"cart","ports":[],"endpoints":[]}""")]
    public void What_cannot_be_read_is_refused_without_an_exception(string payload) => AssertRefused(payload);

    [Fact]
    public void A_name_exported_twice_is_refused() =>
        AssertRefused(SnapshotPayload.Write(_service), SnapshotPayload.Write(_service));

    [Theory]
    [InlineData("10.1.0.1:15012")]
    [InlineData("west.example:15012")]
    [InlineData("https://west.example:15080/")]
    public void An_address_is_host_and_port_or_a_URI(string address) => Assert.Null(LinkRules.WhyNot("west.local", Terms(address)));

    [Theory]
    [InlineData("")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:word@west.example/")]
    [InlineData("west example")]
    public void Other_addresses_are_refused(string address) => Assert.NotNull(LinkRules.WhyNot("west", Terms(address)));

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("West")]
    public void A_link_is_named_like_a_host(string name) => Assert.NotNull(LinkRules.WhyNot(name, Terms("west:15012")));

    private static LinkTerms Terms(string address) => new("west.local", address, ["root"], "secret", "hash");

    private static void AssertRefused(params string[] payloads)
    {
        Assert.False(LinkRules.TryRead("west", _domain, [.. payloads], out var services, out var reason));
        Assert.Empty(services);
        Assert.NotEmpty(reason);
    }
}
