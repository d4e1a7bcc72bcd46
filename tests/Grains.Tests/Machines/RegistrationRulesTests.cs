using System.Collections.Immutable;
using MeshOrleans.Grains.Workloads;
using static MeshOrleans.Grains.Tests.Machines.WorkloadSamples;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class RegistrationRulesTests
{
    [Fact]
    public void A_complete_registration_is_fine() => Assert.Null(RegistrationRules.Check(Name, Cart));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("223.255.255.255")]
    [InlineData("::1")]
    [InlineData("2001:db8::7")]
    [InlineData("fd00::1")]
    [InlineData("64:ff9b::10.1.2.3")]
    public void Unicast_addresses_are_fine(string address) =>
        Assert.Null(RegistrationRules.Check(Name, Cart with { Address = address }));

    [Theory]
    [InlineData("")]
    [InlineData("cart.shop")]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.1:80")]
    [InlineData(" 10.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("ff02::1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::169.254.169.254")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1:a9fe:a9:fe00::")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("64:ff9b::168.63.129.16")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("168.63.129.16")]
    [InlineData("fe80::1%eth0")]
    public void Addresses_that_no_peer_can_or_should_dial_are_refused(string address) =>
        AssertInvalid("address", Cart with { Address = address });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65_536)]
    public void Ports_outside_of_the_range_are_refused(int port)
    {
        AssertInvalid("ports.http", Cart with { Ports = Cart.Ports.SetItem("http", port) });
        AssertInvalid("inboundPorts.8080", Cart with { InboundPorts = Cart.InboundPorts.SetItem(8080, port) });
        AssertInvalid($"inboundPorts.{port}", Cart with { InboundPorts = ImmutableDictionary<int, int>.Empty.Add(port, 1) });
    }

    [Theory]
    [InlineData("", "v")]
    [InlineData("-a", "v")]
    [InlineData("a b", "v")]
    [InlineData("/a", "v")]
    [InlineData("Up.Per/a", "v")]
    public void Label_keys_have_the_shape_that_Kubernetes_demands(string key, string value) =>
        AssertInvalid("labels", Cart with { Labels = Cart.Labels.Add(key, value) });

    [Fact]
    public void Label_values_have_the_shape_that_Kubernetes_demands()
    {
        Assert.Null(RegistrationRules.Check(Name, Cart with { Labels = Cart.Labels.Add("a.b/c", "") }));
        Assert.Null(RegistrationRules.Check(Name, Cart with { Labels = Cart.Labels.Add("l", new string('x', 63)) }));
        AssertInvalid("labels.l", Cart with { Labels = Cart.Labels.Add("l", new string('x', 64)) });
        AssertInvalid("labels.l", Cart with { Labels = Cart.Labels.Add("l", "a\nb") });
    }

    [Fact]
    public void More_than_64_labels_or_ports_are_refused()
    {
        AssertInvalid("labels", Cart with { Labels = Enumerable.Range(0, 65).ToImmutableDictionary(i => $"l{i}", i => $"{i}") });
        AssertInvalid("ports", Cart with { Ports = Enumerable.Range(1, 65).ToImmutableDictionary(i => $"p{i}", i => i) });
    }

    [Fact]
    public void The_lease_is_between_a_second_and_an_hour()
    {
        Assert.Null(RegistrationRules.Check(Name, Cart with { Lease = TimeSpan.FromSeconds(1) }));
        Assert.Null(RegistrationRules.Check(Name, Cart with { Lease = TimeSpan.FromHours(1) }));
        AssertInvalid("lease", Cart with { Lease = TimeSpan.FromMilliseconds(999) });
        AssertInvalid("lease", Cart with { Lease = TimeSpan.FromSeconds(3601) });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void The_weight_is_between_1_and_10000(int weight) => AssertInvalid("weight", Cart with { Weight = weight });

    [Theory]
    [InlineData("")]
    [InlineData("cart")]
    [InlineData("spiffe://cluster.local/ns/other/sa/cart")]
    [InlineData("spiffe://cluster.local/ns/shop/sa/other")]
    public void A_member_with_a_sidecar_has_the_identity_of_its_service_account(string id) =>
        AssertInvalid("spiffeId", Cart with { SpiffeId = id });

    [Fact]
    public void A_member_without_sidecar_needs_no_identity() =>
        Assert.Null(RegistrationRules.Check(Name, Cart with { SpiffeId = "", HasSidecar = false }));

    [Theory]
    [InlineData("", "cart", "namespace")]
    [InlineData("Shop", "cart", "namespace")]
    [InlineData("shop", "", "name")]
    [InlineData("shop", "a/b", "name")]
    [InlineData("shop", "a..b", "name")]
    public void Names_are_DNS_names(string ns, string name, string path) =>
        Assert.Equal(path, RegistrationRules.Check(new WorkloadName(ns, name), Cart with { SpiffeId = "", HasSidecar = false })?.Path);

    private static void AssertInvalid(string path, WorkloadRegistration registration)
    {
        var invalid = RegistrationRules.Check(Name, registration);

        Assert.NotNull(invalid);
        Assert.Equal(path, invalid.Path);
        Assert.NotEmpty(invalid.Message);
    }
}
