using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;

namespace MeshOrleans.Model.Tests.Issuers;

public sealed class IssuerAddressesTests
{
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.32.0.0", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("168.63.129.16", false)] // the host of a virtual machine in Azure
    [InlineData("168.63.129.17", true)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:7f00:1::", false)]
    public void Only_the_public_Internet_is_public(string address, bool expected) =>
        Assert.Equal(expected, IssuerAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.0.0.5", "any.example", "10.0.0.5", true)]
    [InlineData("10.0.0.5", "any.example", "10.0.0.6", false)]
    [InlineData("10.0.0.0/8", "any.example", "10.9.9.9", true)]
    [InlineData("10.0.0.0/8", "any.example", "::ffff:10.9.9.9", true)]
    [InlineData("10.0.0.0/8", "any.example", "192.168.0.1", false)]
    [InlineData("::1", "any.example", "::1", true)]
    [InlineData("keys.corp", "KEYS.corp.", "10.0.0.5", true)]
    [InlineData("keys.corp", "keys.corp.example", "10.0.0.5", false)]
    [InlineData("*.corp", "a.b.corp", "10.0.0.5", true)]
    [InlineData("*.corp", "corp", "10.0.0.5", false)]
    [InlineData("*.corp", "evilcorp", "10.0.0.5", false)]
    public void What_is_not_public_must_be_allowed(string allowed, string host, string address, bool expected)
    {
        var settings = new IssuerKeySettings { AllowedHosts = [allowed] };

        Assert.Equal(expected, IssuerAddresses.Allows(settings, host, IPAddress.Parse(address), _ => false));
        Assert.True(IssuerAddresses.IsRule(allowed));
        Assert.True(IssuerAddresses.Allows(settings, host, IPAddress.Parse("8.8.8.8"), _ => false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("10.0.0.0/33")]
    [InlineData("a b")]
    [InlineData("https://a")]
    [InlineData("a:443")]
    public void What_is_no_rule_is_told(string text) => Assert.False(IssuerAddresses.IsRule(text));
}
