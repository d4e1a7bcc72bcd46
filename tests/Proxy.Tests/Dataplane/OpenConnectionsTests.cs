using System.Collections.Concurrent;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Connections;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Many connections, and many changes of who may come.</summary>
public sealed class OpenConnectionsTests
{
    private const int Many = 10_000;
    private const int Changes = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Whoever_is_refused_while_it_comes_is_ended_once_whichever_is_first()
    {
        var open = new Numbered();
        using var start = new Barrier(3);
        var coming = new[] { 0, 1 }.Select(half => Task.Run(() =>
        {
            start.SignalAndWait();
            for (var i = half; i < Many; i += 2) open.Add($"{i}");
        })).ToList();
        var refusing = Task.Run(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < Many; i += Many / Changes) open.Refuse(i);
        });

        await Task.WhenAll([.. coming, refusing]).WaitAsync(_patience);

        var refused = Many - (Many / Changes);
        Assert.Equal(refused + 1, open.Ended.Count);
        Assert.Equal(open.Ended.Count, open.Ended.Distinct().Count());
    }

    [Fact]
    public void A_connection_that_has_ended_is_ended_by_nobody()
    {
        var open = new Numbered();
        Assert.True(open.Add("5"));
        open.Remove("5");

        open.Refuse(7);

        Assert.Empty(open.Ended);
        Assert.False(open.Add("6"));
        Assert.Equal(["6"], open.Ended);
    }

    [Fact]
    public async Task Ten_thousand_relays_are_judged_a_hundred_times_without_a_chain_being_built()
    {
        var authority = new TestAuthority();
        using var own = authority.Issue(authority.IdOf("b"));
        var leaves = Enumerable.Range(0, 20).Select(i => authority.Issue(authority.IdOf($"a{i}"))).ToArray();
        using var state = new ProxyState(TimeProvider.System);
        state.Apply(Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", 1)));
        state.SetIdentity(IdentityBy(authority.Bundle));
        var trust = new PeerTrust(state, new PeerVerifier(TimeProvider.System));
        var relays = new OpenRelays(state, trust, NullLogger.Instance);
        var all = new List<InboundConnection>();
        for (var i = 0; i < Many; i++)
        {
            var connection = new InboundConnection(TestProxy.AppPort, new DefaultConnectionContext($"{i}"));
            Assert.Equal("", trust.Judge(leaves[i % leaves.Length], null, state.Identity!, connection));
            Assert.True(relays.Add(connection));
            all.Add(connection);
        }

        TlsIdentity[] lists = [Others(), Others()];
        var last = IdentityBy(authority.Revoking(leaves[7]));
        var changing = Task.Run(() =>
        {
            for (var i = 0; i < Changes; i++) state.SetIdentity(lists[i % lists.Length]);
            state.SetIdentity(last);
        });
        await changing.WaitAsync(_patience); // chains would take minutes

        var left = all.Where(connection => connection.Cut("over")).ToList();
        Assert.Equal(Many - (Many / leaves.Length), left.Count);
        Assert.DoesNotContain(left, connection => connection.Caller.PeerId == authority.IdOf("a7"));

        TlsIdentity IdentityBy(TrustBundle bundle) => TlsIdentity.Create(own, [], [bundle]);
        TlsIdentity Others() => IdentityBy(authority.Revoking(authority.Issue(authority.IdOf("c"))));
    }

    /// <summary>Ends those up to a number.</summary>
    private sealed class Numbered : OpenConnections<string>
    {
        private int _refused = -1;

        public ConcurrentQueue<string> Ended { get; } = new();

        public void Refuse(int upTo)
        {
            Volatile.Write(ref _refused, upTo);
            JudgeAll();
        }

        protected override string? FindFault(string connection) =>
            int.Parse(connection) <= Volatile.Read(ref _refused) ? "refused" : null;

        protected override void End(string connection, string fault) => Ended.Enqueue(connection);
    }
}
