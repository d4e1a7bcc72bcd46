using System.Collections.Immutable;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Tests.Analysis;

public sealed class GatewayPortAnalysisTests
{
    private static readonly ImmutableSortedDictionary<string, string>[] _nobody = [];

    [Fact]
    public void The_oldest_holds_the_port_and_both_are_told()
    {
        var found = GatewayPortAnalysis.Of([Opens("b", "TCP", created: 2), Opens("c", "HTTP", created: 1)], _nobody);

        Assert.Equal(
            [("Gateway/edge/b", "MSH2004"), ("Gateway/edge/c", "MSH2004")],
            found.Select(f => (f.Resource.ToString(), f.Violation.Code)));
        Assert.All(found, f => Assert.Equal(
            ("spec.servers[0].port", Severity.Warning), (f.Violation.Path.Text, f.Violation.Severity)));
        Assert.Contains("opened for servers[0] (HTTP) of edge/c", found[0].Violation.Message);
        Assert.Contains("servers[0] (TCP) of edge/b is left out", found[1].Violation.Message);
        Assert.All(found, f => Assert.Equal(2, f.Involved.Length));
    }

    [Theory]
    [InlineData("HTTP", "TCP", true)]
    [InlineData("HTTP", "HTTPS", true)]
    [InlineData("TLS", "MONGO", true)]
    [InlineData("TCP", "TCP", true)] // nothing tells the two apart
    [InlineData("HTTP", "GRPC", false)]
    [InlineData("HTTPS", "TLS", false)] // the name in the handshake does
    public void Only_what_cannot_share_a_port_is_told(string older, string younger, bool isTold)
    {
        var found = GatewayPortAnalysis.Of([Opens("a", older, 1), Opens("b", younger, 2)], _nobody);

        Assert.Equal(isTold ? 2 : 0, found.Length);
    }

    [Theory]
    [InlineData("istio=edge", "istio=edge", "", true)]
    [InlineData("istio=edge", "", "", true)] // nothing wanted selects all
    [InlineData("istio=edge", "istio=edge,zone=a", "", true)]
    [InlineData("istio=edge", "istio=other", "", false)]
    [InlineData("istio=edge", "zone=a", "", false)]
    [InlineData("istio=edge", "zone=a", "istio=edge,zone=a", true)]
    [InlineData("istio=edge", "zone=a", "istio=edge,zone=b", false)]
    public void It_takes_a_workload_that_both_select(string one, string other, string member, bool isTold)
    {
        ConfigResource[] gateways = [Opens("a", "HTTP", 1, Labels(one)), Opens("b", "TCP", 2, Labels(other))];

        var found = GatewayPortAnalysis.Of(gateways, member.Length > 0 ? [Labels(member)] : _nobody);

        Assert.Equal(isTold ? 2 : 0, found.Length);
    }

    [Theory]
    [InlineData(80, "", true)]
    [InlineData(80, "0.0.0.0", true)]
    [InlineData(80, "10.0.0.1", false)]
    [InlineData(81, "", false)]
    public void Another_port_or_address_is_another_place(int port, string bind, bool isTold)
    {
        var other = Opens("b", "TCP", 2, port: port, bind: bind);

        Assert.Equal(isTold ? 2 : 0, GatewayPortAnalysis.Of([Opens("a", "HTTP", 1), other], _nobody).Length);
    }

    [Fact]
    public void A_Gateway_may_be_in_its_own_way_and_what_is_left_out_is_in_nobodys()
    {
        var two = Opens("a", "HTTP", 1);
        two = two with { Spec = Spec(two, "HTTP", "TCP") };

        var own = GatewayPortAnalysis.Of([two], _nobody);
        var both = GatewayPortAnalysis.Of([two, Opens("b", "GRPC", 2)], _nobody);

        Assert.Equal(["spec.servers[0].port", "spec.servers[1].port"], own.Select(f => f.Violation.Path.Text));
        Assert.All(own, f => Assert.Single(f.Involved));
        Assert.Equal(own, both, (x, y) => x.Violation == y.Violation); // GRPC shares with HTTP; TCP holds nothing
    }

    private static Gateway Spec(ConfigResource like, params string[] protocols)
    {
        var gateway = (Gateway)like.Spec;
        return gateway with
        {
            Servers =
            [
                .. protocols.Select(protocol => gateway.Servers[0] with
                {
                    Port = gateway.Servers[0].Port! with { Protocol = protocol },
                }),
            ],
        };
    }

    private static ImmutableSortedDictionary<string, string> Labels(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
            .ToImmutableSortedDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static ConfigResource Opens(
        string name,
        string protocol,
        long created,
        ImmutableSortedDictionary<string, string>? selector = null,
        int port = 80,
        string bind = "") => new()
    {
        Key = new ConfigKey("Gateway", "edge", name),
        Spec = new Gateway
        {
            Selector = selector ?? Labels("istio=edge"),
            Servers = [new GatewayServer { Port = new NamedPort(port, "p", protocol, null), Bind = bind, Hosts = ["*"] }],
        },
        CreatedRevision = created,
    };
}
