using System.Net;
using System.Threading.Channels;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Requests to hosts that the model does not have yet.</summary>
public sealed class OnDemandTests
{
    [Theory]
    [InlineData("http://b/x", "b", 80)] // the port has a table that does not know the host
    [InlineData("http://b:9080/x", "b", 9080)] // there is nothing of the port
    [InlineData("http://B.:9080/x", "b", 9080)]
    public async Task A_request_waits_for_its_host_and_arrives_whole(string url, string host, int port)
    {
        await using var backend = await EchoBackend.StartAsync("b");
        string? body = null;
        backend.Answer = async (context, _) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            body = await reader.ReadToEndAsync();
        };
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(Nothing(), configure: o => o.HostDemand = demand);

        var sending = proxy.Client.PostAsync(url, new StringContent(new string('x', 100_000)));
        var asked = await demand.NextAsync();
        proxy.State.Apply(With(port, backend));
        asked.Done.SetResult();
        using var response = await sending;

        Assert.Equal((host, port), (asked.Host, asked.Port));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(100_000, body!.Length);
        Assert.Equal("/x", Assert.Single(backend.Requests).RawTarget);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(9080)]
    public async Task A_host_that_does_not_come_is_treated_as_the_model_says_of_all_that_is_unknown(int port)
    {
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(Nothing(), configure: o => o.HostDemand = demand);

        var calling = proxy.GetAsync($"http://nobody:{port}/");
        (await demand.NextAsync()).Done.SetResult();

        Assert.Equal(HttpStatusCode.BadGateway, (await calling).Status);
    }

    [Fact]
    public async Task Who_is_known_asks_nobody()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(With(80, backend), configure: o => o.HostDemand = demand);

        Assert.Equal((HttpStatusCode.OK, "b"), await proxy.GetAsync("http://b/"));
        Assert.True(demand.IsUnasked);
    }

    [Fact]
    public async Task A_model_that_is_not_on_demand_asks_nobody()
    {
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(
            Nothing() with { IsOnDemand = false }, configure: o => o.HostDemand = demand);

        Assert.Equal(HttpStatusCode.BadGateway, (await proxy.GetAsync("http://nobody:9080/")).Status);
        Assert.True(demand.IsUnasked);
    }

    [Fact]
    public async Task The_path_is_read_as_the_listener_says_that_has_come()
    {
        await using var backend = await EchoBackend.StartAsync("b");
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(Nothing(), configure: o => o.HostDemand = demand);

        var calling = proxy.GetAsync("http://b:9080/a//b");
        var asked = await demand.NextAsync();
        proxy.State.Apply(With(9080, backend, PathNormalizationMode.MergeSlashes));
        asked.Done.SetResult();
        await calling;

        Assert.Equal("/a/b", Assert.Single(backend.Requests).RawTarget);
    }

    [Fact]
    public async Task A_caller_that_goes_away_while_it_waits_is_let_go()
    {
        var demand = new Demand();
        await using var proxy = await TestProxy.StartAsync(Nothing(), configure: o => o.HostDemand = demand);
        using var caller = new CancellationTokenSource();

        var calling = proxy.Client.GetAsync("http://b/", caller.Token);
        var asked = await demand.NextAsync();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await asked.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static RouteTableModel Table(params VirtualHostModel[] known)
    {
        var unknown = new RouteModel { Action = new RouteAction.DirectResponse(502, default) };
        return new RouteTableModel("80", [.. known, new VirtualHostModel("on_demand", ["*"], [unknown]) { IsOnDemand = true }]);
    }

    private static ProxyModel Nothing() =>
        Models.Outbound(Table()) with { OutboundPolicy = OutboundPolicy.RegistryOnly, IsOnDemand = true };

    private static ProxyModel With(
        int port, EchoBackend backend, PathNormalizationMode mode = PathNormalizationMode.Base)
    {
        var table = Table(new VirtualHostModel($"b:{port}", ["b"], [Models.To("b")]));
        return Nothing().With(Models.Cluster("b", backend)) with
        {
            Outbound = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(
                new Dictionary<int, OutboundPortModel> { [port] = new(port, table, mode) }),
        };
    }

    /// <summary>Lets the test answer.</summary>
    private sealed class Demand : IHostDemand
    {
        private readonly Channel<Asked> _asked = Channel.CreateUnbounded<Asked>();

        public bool IsUnasked => !_asked.Reader.TryPeek(out _);

        public async Task WaitAsync(string host, int port, CancellationToken cancellationToken)
        {
            var asked = new Asked(host, port);
            _asked.Writer.TryWrite(asked);
            try
            {
                await asked.Done.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                asked.Cancelled.SetResult();
                throw;
            }
        }

        public async Task<Asked> NextAsync()
        {
            var next = _asked.Reader.ReadAsync().AsTask();
            Assert.True(await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(20))) == next, "Nobody has asked for a host.");
            return await next;
        }
    }

    private sealed record Asked(string Host, int Port)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
