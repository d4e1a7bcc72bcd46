using MeshOrleans.Interop.Tests.Foreign;

namespace MeshOrleans.Interop.Tests;

/// <summary>Foreign gRPC clients route, split, fail and balance as the mesh's configuration says.</summary>
[Collection(nameof(InteropMesh))]
public sealed class ClientTests(InteropMesh mesh)
{
    private const string Unavailable = "UNAVAILABLE";

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_service_is_found_by_any_of_its_names(ForeignKind kind)
    {
        var service = $"names-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service);
        var backend = await mesh.AddBackendAsync(kind, service, "v1");
        string[] names = [service, $"{service}.interop", $"{service}.interop.svc", $"{service}.interop.svc.cluster.local"];

        foreach (var name in names)
        {
            await mesh[kind].OpenAsync(name, $"xds:///{name}:{InteropMesh.Port}");
            var tally = await mesh[kind].CallAsync(name, 10);
            Assert.True(tally.AllOk && tally.Of(backend.Name) == 10, $"{name}: {tally}");
        }

        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_split_by_halves_is_a_split_by_halves(ForeignKind kind)
    {
        var (service, channel) = await RoutedAsync(kind, "split", "");

        var tally = await mesh[kind].CallAsync(channel, 400);

        Assert.True(tally.AllOk, $"{tally}");
        Assert.InRange(tally.Of($"{service}-v1"), 160, 240);
        Assert.InRange(tally.Of($"{service}-v2"), 160, 240);
        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task An_abort_meets_the_calls_with_its_header_and_no_others(ForeignKind kind)
    {
        var (_, channel) = await RoutedAsync(
            kind,
            "abort",
            """{match: [{headers: {x-fail: {exact: "1"}}}], fault: {abort: {percentage: {value: 100}, grpcStatus: UNAVAILABLE}}, route: [{destination: {host: SERVICE}}]},""");

        var (failing, others) = (
            await mesh[kind].CallAsync(channel, 40, ("x-fail", "1")), await mesh[kind].CallAsync(channel, 40, ("x-fail", "0")));

        Assert.True(failing.With(Unavailable) == 40, $"{failing}");
        Assert.True(others.AllOk, $"{others}");
        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_redirect_fails_its_own_calls_and_is_refused_by_nobody(ForeignKind kind)
    {
        var (_, channel) = await RoutedAsync(
            kind, "redirect", """{match: [{headers: {x-go: {exact: "1"}}}], redirect: {uri: /elsewhere}},""");

        var (redirected, others) =
            (await mesh[kind].CallAsync(channel, 20, ("x-go", "1")), await mesh[kind].CallAsync(channel, 20));

        Assert.True(redirected.With(Unavailable) == 20, $"{redirected}");
        Assert.True(others.AllOk, $"{others}");
        await mesh.AssertContentAsync(kind);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task Conditions_on_headers_hold_as_they_do_in_a_sidecar(ForeignKind kind)
    {
        var (service, channel) = await RoutedAsync(
            kind,
            "headers",
            """
            {match: [{headers: {x-v: {prefix: "one"}}, withoutHeaders: {x-not: {exact: "1"}}}, {headers: {x-r: {regex: "a+"}}}], route: [{destination: {host: SERVICE, subset: v1}}]},
            {match: [{headers: {x-v: {}}}], route: [{destination: {host: SERVICE, subset: v2}}]},
            {match: [{headers: {x-nowhere: {exact: "1"}}}], route: [{destination: {host: SERVICE, subset: nowhere}}]},
            """);

        await OnlyAsync("v1", ("x-v", "one-and-a-half"));
        await OnlyAsync("v1", ("x-v", "one"), ("x-not", "2"));
        await OnlyAsync("v1", ("x-r", "aaa"));
        await OnlyAsync("v2", ("x-v", "one"), ("x-not", "1"));
        await OnlyAsync("v2", ("x-v", "two"));
        var nowhere = await mesh[kind].CallAsync(channel, 10, ("x-nowhere", "1"));
        Assert.True(nowhere.With(Unavailable) == 10, $"{nowhere}");
        await mesh.AssertContentAsync(kind);

        async Task OnlyAsync(string version, params (string, string)[] metadata)
        {
            var tally = await mesh[kind].CallAsync(channel, 10, metadata);
            Assert.True(tally.Of($"{service}-{version}") == 10, $"{version}: {tally}");
        }
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task Routes_and_members_change_under_load_without_a_failed_call(ForeignKind kind)
    {
        var (service, channel) = await RoutedAsync(kind, "change", "");
        var peer = mesh[kind];
        await peer.LoadAsync(channel);
        var leaving = new Backend(service, "v1", "");

        var joining = await mesh.AddBackendAsync(kind, service, "v3");
        await mesh.ControlPlane.ApplyAsync(Rule(service, first: "v3"));
        await ProgressAsync(t => t.Of(joining.Name) > 20, "calls to the new member");
        await mesh.RemoveAsync(leaving);
        await mesh.AddBackendAsync(kind, service, "v4");
        await mesh.ControlPlane.ApplyAsync(Rule(service, first: "v4"));
        await ProgressAsync(t => t.Of($"{service}-v4") > 20, "calls to the next member");

        var tally = await peer.FinishAsync(channel);
        Assert.True(tally.AllOk && tally.Of($"{service}-v1") > 0, $"{tally}");
        await mesh.AssertContentAsync(kind);

        Task<Tally> ProgressAsync(Func<Tally, bool> wanted, string what) =>
            InteropMesh.EventuallyAsync(() => peer.ProgressAsync(channel), wanted, what);
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task An_endpoint_is_exchanged_under_load_without_a_failed_call(ForeignKind kind)
    {
        var service = $"exchange-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service);
        var first = await mesh.AddBackendAsync(kind, service, "first");
        var channel = await mesh.OpenAsync(kind, service);
        var peer = mesh[kind];
        await peer.LoadAsync(channel);
        await ProgressAsync(t => t.Of(first.Name) > 20, "calls to the first member");

        var second = await mesh.AddBackendAsync(kind, service, "second");
        await ProgressAsync(t => t.Of(second.Name) > 20, "calls to the second member");
        await mesh.RemoveAsync(first);
        await QuietAsync(first);
        await peer.StopAsync($"{first.Address}:{InteropMesh.Port}");
        var before = (await peer.ProgressAsync(channel)).Count;
        await ProgressAsync(t => t.Count > before + 50, "calls after the first member's end");

        var tally = await peer.FinishAsync(channel);
        Assert.True(tally.AllOk, $"{tally}");
        await mesh.AssertContentAsync(kind);

        Task<Tally> ProgressAsync(Func<Tally, bool> wanted, string what) =>
            InteropMesh.EventuallyAsync(() => peer.ProgressAsync(channel), wanted, what);

        // Twenty calls in a row went elsewhere; a balancer that still knew it would have come by ten times.
        Task QuietAsync(Backend backend)
        {
            var (calls, seen) = (0, -1);
            return ProgressAsync(
                t =>
                {
                    if (t.Of(backend.Name) != seen) (calls, seen) = (t.Count, t.Of(backend.Name));
                    return t.Count >= calls + 20;
                },
                "the end of calls to the first member");
        }
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_service_without_members_fails_at_once_and_is_back_when_they_are(ForeignKind kind)
    {
        var service = $"zero-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service);
        var backend = await mesh.AddBackendAsync(kind, service, "v1");
        var channel = await mesh.OpenAsync(kind, service);
        Assert.True((await mesh[kind].CallAsync(channel, 5)).AllOk);

        await mesh.RemoveAsync(backend);
        var gone = await InteropMesh.EventuallyAsync(
            () => mesh[kind].CallAsync(channel, 5), t => t.With("OK") == 0, "calls into nothing");
        Assert.True(gone.With(Unavailable) == 5, $"{gone}");

        await mesh.RegisterAsync(backend, InteropMesh.Port);
        await InteropMesh.EventuallyAsync(() => mesh[kind].CallAsync(channel, 5), t => t.AllOk, "calls to who is back");
        await mesh.AssertContentAsync(kind); // on the stream it has had from the start
    }

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task Calls_over_the_limit_are_refused_while_the_others_go_on(ForeignKind kind)
    {
        var service = $"limit-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service, $$"""
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: {{service}}, namespace: interop},
             spec: {host: {{service}}, trafficPolicy: {connectionPool: {http: {http2MaxRequests: 2} } } } }
            """);
        await mesh.AddBackendAsync(kind, service, "v1");
        var (peer, channel) = (mesh[kind], await mesh.OpenAsync(kind, service));
        Assert.True((await peer.CallAsync(channel, 1)).AllOk);

        await peer.BeginHeldAsync(channel, 2);
        await HeldAsync(peer, 2);
        var over = await peer.CallAsync(channel, 8);
        await peer.ReleaseAsync();
        var within = await peer.EndHeldAsync(channel);

        Assert.True(over.With(Unavailable) == 8, $"{over}");
        Assert.True(within.With("OK") == 2, $"{within}");
        Assert.True((await peer.CallAsync(channel, 1)).AllOk);
        await mesh.AssertContentAsync(kind);
    }

    private static async Task HeldAsync(ForeignPeer peer, int count)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); await peer.HeldAsync() != count; await Task.Delay(20))
        {
            if (DateTime.UtcNow > end) throw new TimeoutException($"{await peer.HeldAsync()} calls are held, not {count}.");
        }
    }

    /// <summary>A service with two versions, split by halves behind other rules, and a channel that has it all.</summary>
    private async Task<(string Service, string Channel)> RoutedAsync(ForeignKind kind, string name, string rules)
    {
        var service = $"{name}-{InteropMesh.NameOf(kind)}";
        await mesh.AddServiceAsync(service, $$"""
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: {{service}}, namespace: interop},
             spec: {host: {{service}}, subsets: [{name: v1, labels: {version: v1} }, {name: v2, labels: {version: v2} }, {name: v3, labels: {version: v3} }, {name: v4, labels: {version: v4} }]} }
            ---
            {{Rule(service, "v1", rules)}}
            """);
        await mesh.AddBackendAsync(kind, service, "v1");
        await mesh.AddBackendAsync(kind, service, "v2");
        var channel = await mesh.OpenAsync(kind, service);
        await InteropMesh.EventuallyAsync(
            () => mesh[kind].CallAsync(channel, 8), t => t.Of($"{service}-v1") > 0 && t.Of($"{service}-v2") > 0, "calls to both versions");
        return (service, channel);
    }

    private static string Rule(string service, string first, string rules = "") => $$"""
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: {{service}}, namespace: interop}, spec: {hosts: [{{service}}], http: [
          {{rules.Replace("SERVICE", service, StringComparison.Ordinal)}}
          {route: [{destination: {host: {{service}}, subset: {{first}} }, weight: 50}, {destination: {host: {{service}}, subset: v2}, weight: 50}]}]} }
        """;
}
