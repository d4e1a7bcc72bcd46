using System.Net;
using System.Net.Sockets;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What a server answers, or the proxy for it, has one end.</summary>
public sealed class AnswerFramingTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")] // nobody asked for it
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nab")]
    public async Task What_is_no_answer_is_the_server_breaking_the_protocol(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsync(listener, answer);
        await using var proxy = await ProxyAsync(Models.To("c"), listener);

        var told = await RawHttp.SendAsync(proxy.Server.OutboundPort, Get);

        Assert.StartsWith("HTTP/1.1 502 ", told);
        Assert.Contains("reset reason: protocol error", told, StringComparison.Ordinal);
        await proxy.CountedAsync(1, 502, ResponseFlags.UpstreamProtocolError);
        await serving;
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", 304)] // of what it would have been
    public async Task An_answer_without_a_body_goes_on_without_one(string answer, int status)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsync(listener, answer);
        await using var proxy = await ProxyAsync(Models.To("c"), listener);

        using var response = await proxy.Client.GetAsync("http://b/");

        Assert.Equal((status, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        await serving;
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task A_response_of_the_configuration_has_no_body_where_its_status_has_none(int status)
    {
        await using var proxy = await TestProxy.StartAsync(Models.Outbound(Models.Table(
            new RouteModel { Action = new RouteAction.DirectResponse(status, "text"u8.ToArray()) })));

        var (told, body) = await proxy.GetAsync("http://b/");

        Assert.Equal((status, ""), ((int)told, body));
        await proxy.CountedAsync(1, status, ResponseFlags.None);
    }

    private static Task<TestProxy> ProxyAsync(RouteModel route, TcpListener listener) => TestProxy.StartAsync(
        Models.Outbound(Models.Table(route), Models.Cluster("c", ((IPEndPoint)listener.LocalEndpoint).Port)));

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var connection = await listener.AcceptTcpClientAsync(limit.Token);
        var stream = connection.GetStream();
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, limit.Token);
            if (read == 0) return;
            head.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), limit.Token);
    }
}
