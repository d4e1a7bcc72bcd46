using System.Net;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Upstream;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>The header of the PROXY protocol, by its specification's examples and rules.</summary>
public sealed class ProxyHeaderTests
{
    [Theory]
    [InlineData("192.0.2.1:56324", "192.0.2.2:443", "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")]
    [InlineData("[2001:db8::1]:1", "[2001:db8::2]:2", "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n")]
    [InlineData("[::ffff:192.0.2.1]:1", "192.0.2.2:2", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")]
    [InlineData("[fe80::1%2]:1", "[fe80::2]:2", "PROXY TCP6 fe80::1 fe80::2 1 2\r\n")]
    [InlineData("192.0.2.1:1", "[2001:db8::2]:2", "PROXY UNKNOWN\r\n")]
    public void The_text_form_names_both_ends(string source, string destination, string expected) =>
        Assert.Equal(
            expected,
            Encoding.ASCII.GetString(
                ProxyHeader.Of(ProxyHeaderVersion.V1, IPEndPoint.Parse(source), IPEndPoint.Parse(destination))));

    [Fact]
    public void The_binary_form_is_as_long_as_its_addresses()
    {
        var four = ProxyHeader.Of(
            ProxyHeaderVersion.V2, IPEndPoint.Parse("192.0.2.1:56324"), IPEndPoint.Parse("192.0.2.2:443"));
        var six = ProxyHeader.Of(
            ProxyHeaderVersion.V2, IPEndPoint.Parse("[2001:db8::1]:1"), IPEndPoint.Parse("[2001:db8::2]:2"));

        Assert.Equal("0D0A0D0A000D0A515549540A2111000CC0000201C0000202DC0401BB", Convert.ToHexString(four));
        Assert.Equal((52, "21210024"), (six.Length, Convert.ToHexString(six[12..16])));
        Assert.Equal("00010002", Convert.ToHexString(six[^4..]));
    }

    [Fact]
    public void Who_speaks_for_several_says_that_it_does_not_know()
    {
        Assert.Equal("PROXY UNKNOWN\r\n", Encoding.ASCII.GetString(ProxyHeader.Of(ProxyHeaderVersion.V1, null, null)));
        Assert.Equal(
            "0D0A0D0A000D0A515549540A20000000", Convert.ToHexString(ProxyHeader.Of(ProxyHeaderVersion.V2, null, null)));
    }

    [Fact]
    public async Task A_connection_of_bytes_begins_with_it()
    {
        await using var backend = new TcpBackend();
        var cluster = Models.Cluster("c", backend.Port) with { Header = ProxyHeaderVersion.V1 };
        var model = Models.Tcp(Models.Chain("c"), [], cluster) with { WorkloadAddress = IPAddress.Parse("10.9.8.7") };
        await using var proxy = await TestProxy.StartAsync(model);

        using var tunnel = await TunnelClient.ConnectAsync(proxy, "db:3306");
        await tunnel.WriteAsync("x");
        tunnel.EndSending();

        Assert.Matches( // given back in capitals
            $@"^PROXY TCP4 10\.9\.8\.7 127\.0\.0\.1 \d+ {backend.Port}\r\nX$", await tunnel.ReadToEndAsync());
    }
}
