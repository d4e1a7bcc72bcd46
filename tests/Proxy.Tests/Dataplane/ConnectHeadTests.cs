using System.Buffers;
using System.Net;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Outbound;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class ConnectHeadTests
{
    [Theory]
    [InlineData("a:1", "a", 1)]
    [InlineData("A.b.:65535", "a.b", 65535)]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("127.1:80", "127.0.0.1", 80)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("[0:0::FF]:80", "::ff", 80)]
    [InlineData("[::ffff:10.0.0.1]:80", "10.0.0.1", 80)]
    public void An_authority_has_one_spelling(string authority, string host, int port)
    {
        var target = TunnelTarget.Read(authority);

        Assert.Equal((host, port), (target!.Host, target.Port));
        Assert.Equal(target, TunnelTarget.Read(target.Authority));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("a")]
    [InlineData("a:")]
    [InlineData("a:+1")]
    [InlineData("a:1 ")]
    [InlineData("a b:1")]
    [InlineData("a..b:1")]
    [InlineData(".a:1")]
    [InlineData("a/b:1")]
    [InlineData("a%2e:1")]
    [InlineData("::1:80")]
    [InlineData("[::1:80")]
    [InlineData("[a]:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[fe80::1%eth0]:80")]
    [InlineData("é:1")]
    public void What_is_no_authority_is_refused(string authority) => Assert.Null(TunnelTarget.Read(authority));

    [Fact]
    public void Mutated_heads_never_throw_and_what_is_taken_is_well_formed()
    {
        var good = Encoding.ASCII.GetBytes("CONNECT db.app:3306 HTTP/1.1\r\nHost: db.app:3306\r\nUser-Agent: x\r\n\r\n");
        Assert.Equal(0, ConnectHead.Read(good, out _));
        var random = new Random(20261127);
        var taken = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var mutated = (byte[])good.Clone();
            for (var flips = random.Next(1, 5); flips > 0; flips--) mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            var cut = random.Next(4) == 0 ? random.Next(mutated.Length + 1) : mutated.Length;

            var status = ConnectHead.Read(mutated.AsSpan(0, cut), out var target);
            HttpSniff.Read(new ReadOnlySequence<byte>(mutated, 0, cut));

            Assert.Equal(status == 0, target is not null);
            if (target is null) continue;
            taken++;
            Assert.Equal(target, TunnelTarget.Read(target.Authority));
            Assert.InRange(target.Port, 1, 65535);
        }

        Assert.NotEqual(0, taken); // some changes are harmless: those of the User-Agent
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", (int)SpokenProtocol.Http1)]
    [InlineData("M-SEARCH * HTTP/1.0\n", (int)SpokenProtocol.Http1)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (int)SpokenProtocol.Http2)]
    [InlineData("GET / HT", (int)SpokenProtocol.Incomplete)]
    [InlineData("", (int)SpokenProtocol.Incomplete)]
    [InlineData("PRI * HTTP/2.0\r\n", (int)SpokenProtocol.Incomplete)]
    [InlineData("PING\r\n", (int)SpokenProtocol.Other)]
    [InlineData("SET a HTTP\r\n", (int)SpokenProtocol.Other)]
    [InlineData("\u0016\u0003\u0001", (int)SpokenProtocol.Other)]
    [InlineData("*1\r\n$4\r\nPING\r\n", (int)SpokenProtocol.Other)]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH", (int)SpokenProtocol.Other)]
    [InlineData(" / HTTP/1.1\r\n", (int)SpokenProtocol.Other)]
    public void HTTP_is_told_by_its_first_line(string arrived, int spoken) => Assert.Equal(
        (SpokenProtocol)spoken, HttpSniff.Read(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(arrived))));

    [Fact]
    public void Chains_are_chosen_by_destination_then_by_name_then_by_source()
    {
        var wide = new TcpChainModel { Clusters = WeightedChoice.Of("wide"), Networks = [IPNetwork.Parse("10.0.0.0/8")] };
        var near = wide with { Clusters = WeightedChoice.Of("near"), Networks = [IPNetwork.Parse("10.1.0.0/16")] };
        var own = near with { Clusters = WeightedChoice.Of("own"), Sources = [IPNetwork.Parse("192.0.2.0/24")] };
        var named = wide with { Clusters = WeightedChoice.Of("named"), ServerNames = ["a.example"] };
        var any = new TcpChainModel { Clusters = WeightedChoice.Of("any") };
        var service = new TcpServiceModel("s", ["s", "10.2.0.1"], 1, [wide, near, own, named], any);

        string? To(string? destination, string name = "", string source = "198.51.100.1") => service.Choose(
            destination is null ? null : IPAddress.Parse(destination), name, IPAddress.Parse(source))?.Clusters.Clusters[0].Name;

        Assert.Equal("wide", To("10.9.0.1"));
        Assert.Equal("wide", To(null)); // by name: the address of the service counts
        Assert.Equal("near", To("10.1.0.1"));
        Assert.Equal("own", To("10.1.0.1", source: "192.0.2.7"));
        Assert.Equal("own", To("::ffff:10.1.0.1", source: "::ffff:192.0.2.7"));
        Assert.Equal("named", To("10.9.0.1", "a.example"));
        Assert.Equal("near", To("10.1.0.1", "a.example")); // nearer by destination, whatever the name
        Assert.Equal("any", To("203.0.113.1"));
    }

    [Fact]
    public void A_name_that_no_chain_knows_is_taken_by_none()
    {
        var chain = new TcpChainModel { Clusters = WeightedChoice.Of("c"), ServerNames = ["*.example"] };
        var service = new TcpServiceModel("s", ["s"], 1, [chain], last: null);

        Assert.NotNull(service.Choose(null, "a.b.example", null));
        Assert.Null(service.Choose(null, "example", null));
        Assert.Null(service.Choose(null, "", null));
    }

    [Fact]
    public void A_wildcard_takes_all_names_below_and_the_longest_wins()
    {
        var wide = new TcpServiceModel("wide", ["*.example"], 443, [], null);
        var near = new TcpServiceModel("near", ["*.a.example", "a.example"], 443, [], null);
        var table = new TcpServiceTable([wide, near]);

        Assert.Equal("wide", table.Find("x.example", 443)?.Name);
        Assert.Equal("near", table.Find("x.a.example", 443)?.Name);
        Assert.Equal("near", table.Find("a.example", 443)?.Name);
        Assert.Null(table.Find("example", 443));
        Assert.Null(table.Find("x.example", 444));
        Assert.Throws<ArgumentException>(() => new TcpServiceTable([wide, wide]));
    }
}
