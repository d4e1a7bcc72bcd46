using MeshOrleans.Multicluster.Federation;

namespace MeshOrleans.Silo.Tests.Federation;

public sealed class PeerAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:15012")]
    [InlineData("mesh-b.example:443")]
    [InlineData("[2001:db8::1]:15012")]
    public void A_host_and_a_port_are_an_address(string text) => Assert.True(PeerAddress.IsValid(text));

    [Theory]
    [InlineData("")]
    [InlineData("mesh-b.example")]
    [InlineData("mesh-b.example:15012/path")]
    [InlineData("mesh-b.example:15012?x=1")]
    [InlineData("user@mesh-b.example:15012")]
    [InlineData("169.254.169.254:80")]
    [InlineData("169.254.169.254:80/latest?x=")]
    [InlineData("[fe80::1]:15012")]
    [InlineData("[::ffff:169.254.169.254]:443")]
    [InlineData("[fd00:ec2::254]:443")]
    public void Anything_else_is_refused(string text) => Assert.False(PeerAddress.IsValid(text));
}
