using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Tests.Topology;

public sealed class AppProtocolsTests
{
    [Theory]
    [InlineData("", "http", 80, AppProtocol.Http)]
    [InlineData("", "http-web", 80, AppProtocol.Http)]
    [InlineData("", "httpweb", 80, AppProtocol.Unspecified)]
    [InlineData("", "grpc-web", 80, AppProtocol.GrpcWeb)]
    [InlineData("", "grpc-web-x", 80, AppProtocol.GrpcWeb)]
    [InlineData("", "grpc-webx", 80, AppProtocol.Grpc)]
    [InlineData("", "GRPC-a", 80, AppProtocol.Grpc)]
    [InlineData("tcp", "http", 80, AppProtocol.Tcp)]
    [InlineData("kubernetes.io/h2c", "tcp", 80, AppProtocol.Http2)]
    [InlineData("example.com/own", "tcp", 80, AppProtocol.Tcp)]
    [InlineData("", "", 8080, AppProtocol.Unspecified)]
    [InlineData("", "", 3306, AppProtocol.Tcp)]
    [InlineData("", "http", 3306, AppProtocol.Http)]
    public void AppProtocol_beats_the_ports_name_which_beats_its_number(
        string appProtocol, string name, int number, AppProtocol expected) =>
        Assert.Equal(expected, AppProtocols.Of(appProtocol, name, number));

    [Fact]
    public void Datagrams_stay_datagrams_whatever_the_name_says() =>
        Assert.Equal(AppProtocol.Udp, AppProtocols.Of("", "http", 80, "UDP"));
}
