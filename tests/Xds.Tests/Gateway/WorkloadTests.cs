using System.Net;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class WorkloadTests
{
    private const string Id = "spiffe://cluster.local/ns/app/sa/a";
    private const string Name = "app/a-1";

    [Fact]
    public async Task A_stream_registers_its_workload_under_the_proved_identity()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id);

        Assert.Equal("register", await NextAsync(host));
        var registration = host.Grains.Workload(Name).Registration!;

        Assert.Equal(("10.1.1.1", Id, "a", true), (registration.Address, registration.SpiffeId, registration.ServiceAccount, registration.HasSidecar));
        Assert.Equal((8080, 31234), (registration.Ports["http"], registration.InboundPorts[8080]));
        Assert.Equal((3, TimeSpan.FromSeconds(30)), (registration.Weight, registration.Lease));
        Assert.Equal("v1", registration.Labels["version"]);
    }

    [Fact]
    public async Task A_gRPC_program_is_a_member_without_sidecar()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id, generator: "grpc");

        Assert.Equal("register", await NextAsync(host));
        Assert.Equal((Id, false), (host.Grains.Workload(Name).Registration!.SpiffeId, host.Grains.Workload(Name).Registration!.HasSidecar));
    }

    [Fact]
    public async Task The_lease_is_renewed_at_a_third_and_no_more_once_the_stream_is_gone()
    {
        await using var host = await GatewayHost.StartAsync();
        var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));

        Assert.Equal("renew", await AdvanceAsync(host));
        Assert.Equal("renew", await AdvanceAsync(host));
        await client.DisposeAsync();
        await host.UntilAsync(() => host.Status.Count == 0, "the stream is gone");
        host.Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.False(host.Grains.Workload(Name).Calls.Reader.TryRead(out var more), more);
    }

    [Fact]
    public async Task A_renewal_that_is_not_answered_is_tried_again_before_the_lease_ends()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));
        var lease = host.Grains.Workload(Name).Registration!.Lease;
        host.Grains.Workload(Name).IsMute = true;
        var begin = host.Clock.GetTimestamp();

        for (var attempt = 0; attempt < 3; attempt++) Assert.Equal("renew", await AdvanceAsync(host));

        Assert.InRange(host.Clock.GetElapsedTime(begin), lease / 3, lease);
    }

    [Fact]
    public async Task A_member_that_was_forgotten_registers_again()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));

        host.Grains.Workload(Name).IsKnown = false;

        Assert.Equal("renew", await AdvanceAsync(host));
        Assert.Equal("register", await NextAsync(host));
    }

    [Fact]
    public async Task A_member_that_was_forgotten_by_a_silo_that_dies_registers_again_before_its_peers_miss_it()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));
        (host.Grains.Workload(Name).IsKnown, host.Grains.Workload(Name).Failures) = (false, 6);
        Assert.Equal("renew", await AdvanceAsync(host));
        var begin = host.Clock.GetTimestamp();

        for (var failure = 0; failure < 6; failure++)
        {
            Assert.Equal("register", await NextAsync(host));
            Assert.Equal("renew", await AdvanceAsync(host));
        }

        Assert.Equal("register", await NextAsync(host));
        Assert.InRange(host.Clock.GetElapsedTime(begin), TimeSpan.Zero, host.Grains.Workload(Name).Registration!.Lease);
    }

    [Fact]
    public async Task Health_and_draining_are_passed_on()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));

        await client.ChangeAsync(TypeUrls.HealthInformation, error: "probe failed");
        Assert.Equal(["renew", "unhealthy: probe failed"], [await NextAsync(host), await NextAsync(host)]);
        await client.ChangeAsync(TypeUrls.HealthInformation);
        Assert.Equal(["renew", "healthy"], [await NextAsync(host), await NextAsync(host)]);
        await client.ChangeAsync(TypeUrls.HealthInformation, error: "draining");
        Assert.Equal(["renew", "drain"], [await NextAsync(host), await NextAsync(host)]);
    }

    [Fact]
    public async Task A_name_that_belongs_to_another_is_reported_and_not_fought_over()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Workload(Name).Answer = new RegisterResult.Taken("someone");
        await using var client = await OpenAsync(host, Id);
        Assert.Equal("register", await NextAsync(host));

        await AssertReportedForGoodAsync(host, client, "someone");
    }

    [Fact]
    public async Task Who_has_not_proved_an_identity_registers_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var stranger = await OpenAsync(host, identity: null);
        await using var member = await OpenAsync(host, Id);

        Assert.Equal("register", await NextAsync(host));
        Assert.Equal(Id, host.Grains.Workload(Name).Registration!.SpiffeId);
        Assert.False(host.Grains.Workload(Name).Calls.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Another_nodes_certificate_registers_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Identity(Id).Answer = new IssueResult.OtherNode("app/a-2");
        await using var client = await OpenAsync(host, $"{Id}#0A");

        await AssertReportedForGoodAsync(host, client, "its certificate is that of 'app/a-2'");
    }

    [Fact]
    public async Task The_newest_certificate_of_the_node_registers_it_without_a_question()
    {
        await using var host = await GatewayHost.StartAsync();
        var record = new IdentityRecord(
            Id, Name, "0A", "CN=x", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, 0);
        host.Grains.Mesh.Tell(new SnapshotChange($"identity/{Id}|{Name}", 1, SnapshotPayload.Write(record)));
        await host.UntilAsync(() => host.Snapshots.Current.Identities.Count == 1, "the certificate is known");
        host.Grains.Identity(Id).Answer = new IssueResult.Superseded(); // who would be asked
        await using var client = await OpenAsync(host, $"{Id}#0A");
        Assert.Equal("register", await NextAsync(host));

        await using var other = await OpenAsync(host, $"{Id}#0B");

        await host.UntilAsync(() => host.Log.Lines.Any(l => l.Level == LogLevel.Error), "it is reported");
        Assert.Contains("neither the newest", host.Log.Lines.First(l => l.Level == LogLevel.Error).Text, StringComparison.Ordinal);
        Assert.False(host.Grains.Workload(Name).Calls.Reader.TryRead(out _));
    }

    [Fact]
    public async Task What_the_rules_refuse_is_asked_again_and_told_once()
    {
        var rules = new Rules { Fault = "label 'a: b' is none of its group" };
        await using var host = await GatewayHost.StartAsync(services: s => s.AddSingleton<IMemberRules>(rules));
        await using var client = await OpenAsync(host, Id);
        await host.AdvanceUntilAsync(() => rules.Asked >= 3, TimeSpan.FromSeconds(1));
        Assert.False(host.Grains.Workload(Name).Calls.Reader.TryRead(out _));

        rules.Fault = "there is no WorkloadGroup";
        await host.AdvanceUntilAsync(() => host.Log.Lines.Count(l => l.Level == LogLevel.Error) == 2, TimeSpan.FromSeconds(1));
        rules.Fault = null;

        Assert.Equal("register", await AdvanceAsync(host));
        var said = host.Log.Lines.Where(l => l.Level == LogLevel.Error).Select(l => l.Text).ToArray();
        Assert.Equal(2, said.Length);
        Assert.Contains("label 'a: b' is none of its group", said[0], StringComparison.Ordinal);
        Assert.Contains("there is no WorkloadGroup", said[1], StringComparison.Ordinal);
        Assert.Equal(IPAddress.Loopback, rules.From);
    }

    /// <summary>It is said once why there is no member, and nothing is tried again.</summary>
    private static async Task AssertReportedForGoodAsync(GatewayHost host, AdsClient client, string reason)
    {
        await host.UntilAsync(() => host.Log.Lines.Any(l => l.Level == LogLevel.Error), "it is reported");
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        await client.SilenceAsync();

        Assert.False(host.Grains.Workload(Name).Calls.Reader.TryRead(out _));
        Assert.Contains(reason, host.Log.Lines.First(l => l.Level == LogLevel.Error).Text, StringComparison.Ordinal);
    }

    private static async Task<AdsClient> OpenAsync(GatewayHost host, string? identity, string generator = "")
    {
        var client = host.Delta(identity);
        var node = new Node { Id = AdsClient.NodeId, UserAgentName = "mesh-sidecar", Metadata = new Struct() };
        node.Metadata.Fields["GENERATOR"] = Value.ForString(generator);
        node.Metadata.Fields["WORKLOAD_NAME"] = Value.ForString("a-1");
        node.Metadata.Fields["LABELS"] = Value.ForStruct(new Struct { Fields = { ["version"] = Value.ForString("v1") } });
        node.Metadata.Fields["MESH_WORKLOAD"] = Value.ForStruct(new Struct
        {
            Fields =
            {
                ["address"] = Value.ForString("10.1.1.1"),
                ["ports"] = Value.ForStruct(new Struct { Fields = { ["http"] = Value.ForNumber(8080) } }),
                ["inboundPorts"] = Value.ForStruct(new Struct { Fields = { ["8080"] = Value.ForNumber(31234) } }),
                ["weight"] = Value.ForNumber(3),
                ["leaseSeconds"] = Value.ForNumber(30),
            },
        });
        await client.ChangeAsync(TypeUrls.Cluster, ["*"], node: node);
        await client.AckAsync(await client.NextAsync(TypeUrls.Cluster));
        return client;
    }

    private static Task<string> NextAsync(GatewayHost host) =>
        host.Grains.Workload(Name).Calls.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>Moves the clock by a third of the lease, at most, until the next call comes.</summary>
    private static async Task<string> AdvanceAsync(GatewayHost host)
    {
        var next = NextAsync(host);
        await host.UntilAsync(
            () =>
            {
                if (!next.IsCompleted) host.Clock.Advance(TimeSpan.FromSeconds(1));
                return next.IsCompleted;
            },
            "the lease is renewed");
        return await next;
    }

    private sealed class Rules : IMemberRules
    {
        private int _asked;

        public volatile string? Fault;

        public int Asked => Volatile.Read(ref _asked);

        public IPAddress? From { get; private set; }

        public string? FindFault(MemberClaim claim)
        {
            From = claim.From;
            Interlocked.Increment(ref _asked);
            return Fault;
        }

        public Task<string?> FindFaultAsync(MemberClaim claim, CancellationToken cancellationToken) => Task.FromResult(Fault);
    }
}
