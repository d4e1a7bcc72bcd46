using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.LastGood;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class ModelHolderTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ListLogger<ModelHolder> _log = new();
    private readonly ListLogger<LastGoodFile> _fileLog = new();
    private readonly TemporaryFolder _folder = new();
    private readonly ModelHolder _holder;

    public ModelHolderTests() => _holder = new ModelHolder(ProxyModel.Empty, _clock, _log);

    public void Dispose()
    {
        _holder.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void There_is_no_model_before_the_first_set_is_complete()
    {
        var mesh = MeshResources.Mesh(8080);
        foreach (var type in new[] { TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener })
        {
            Assert.Null(Apply(type, mesh[type]));
            Assert.Null(_holder.Model);
        }

        Assert.Null(Apply(TypeUrls.RouteConfiguration, mesh[TypeUrls.RouteConfiguration]));

        Assert.NotNull(_holder.Model);
        Assert.Equal(OutboundPolicy.AllowAny, _holder.Model.OutboundPolicy);
        Assert.Empty(_holder.Status.Warming);
    }

    [Fact]
    public void A_first_model_does_not_wait_for_ever_for_what_is_missing()
    {
        var mesh = MeshResources.Mesh(8080);
        Apply(TypeUrls.Cluster, mesh[TypeUrls.Cluster]);
        Apply(TypeUrls.Listener, mesh[TypeUrls.Listener]);

        _clock.Advance(TimeSpan.FromSeconds(15));

        Assert.NotNull(_holder.Model);
        Assert.Empty(_holder.Model.Outbound);
        Assert.Equal(
            ["Cluster 'outbound|80||catalog.shop.svc.cluster.local'", "Listener '0.0.0.0_80'"], _holder.Status.Warming.AsEnumerable());
    }

    [Fact]
    public void A_new_cluster_without_endpoints_waits_and_a_listener_without_routes_does_not_replace_a_working_one()
    {
        ApplyMesh();
        Apply(
            TypeUrls.Cluster, new Dictionary<string, IMessage> { ["outbound|80||new"] = MeshResources.EdsCluster("outbound|80||new") });
        var moved = MeshResources.OutboundListener(80);
        var manager =
            moved.FilterChains[0].Filters[0].TypedConfig.Unpack<MeshOrleans.Xds.Protocol.Hcm.HttpConnectionManager>();
        manager.Rds.RouteConfigName = "other";
        moved.FilterChains[0].Filters[0] = MeshResources.Http(manager);

        Assert.Null(Apply(TypeUrls.Listener, new Dictionary<string, IMessage> { ["0.0.0.0_80"] = moved }));

        Assert.DoesNotContain("outbound|80||new", _holder.Model!.Clusters.Keys);
        Assert.Equal("80", _holder.Model.Outbound[80].Routes.Name);
        Assert.Equal(["other"], _holder.Resources.RouteNames);
        Assert.Null(
            Apply(
                TypeUrls.RouteConfiguration, new Dictionary<string, IMessage> { ["other"] = MeshResources.Routes("other", MeshResources.Catalog) }));
        Assert.Equal("other", _holder.Model.Outbound[80].Routes.Name);
    }

    [Fact]
    public void A_removed_cluster_is_gone_at_once_though_routes_still_name_it()
    {
        ApplyMesh();

        Remove(TypeUrls.Cluster, MeshResources.Catalog);

        Assert.DoesNotContain(MeshResources.Catalog, _holder.Model!.Clusters.Keys);
    }

    [Fact]
    public void What_a_stream_removes_before_it_has_told_the_routes_serves_those_that_still_name_it_for_a_while()
    {
        ApplyMesh();
        _holder.Disconnected();

        Remove(TypeUrls.Cluster, MeshResources.Catalog);
        Assert.Contains(MeshResources.Catalog, _holder.Model!.Clusters.Keys);

        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(MeshResources.Catalog, _holder.Model.Clusters.Keys);
    }

    [Fact]
    public void What_a_stream_removes_before_it_has_told_the_routes_is_gone_with_the_routes_that_named_it()
    {
        ApplyMesh();
        _holder.Disconnected();
        Remove(TypeUrls.Cluster, MeshResources.Catalog);

        Apply(TypeUrls.RouteConfiguration, new Dictionary<string, IMessage> { ["80"] = MeshResources.Routes("80", "outbound|80||other") });

        Assert.DoesNotContain(MeshResources.Catalog, _holder.Model!.Clusters.Keys);
    }

    [Fact]
    public void An_emptied_control_plane_is_obeyed_with_a_warning()
    {
        ApplyMesh();

        Remove(TypeUrls.Listener, "0.0.0.0_80");

        Assert.Empty(_holder.Model!.Outbound);
        Assert.Contains(
            _log.Texts(LogLevel.Warning), t => t.Contains("removed the last listener", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_reason_of_a_refusal_is_named_and_nothing_of_the_response_is_used()
    {
        ApplyMesh();
        var former = _holder.Model;
        var (bad, worse, good) =
            (MeshResources.EdsCluster("bad"), MeshResources.EdsCluster("worse"), MeshResources.EdsCluster("good"));
        bad.LbPolicy = MeshOrleans.Xds.Protocol.Cluster.Cluster.Types.LbPolicy.LoadBalancingPolicyConfig;
        worse.ConnectTimeout = new Duration { Seconds = -1 };

        var reason = Apply(
            TypeUrls.Cluster, new Dictionary<string, IMessage> { ["bad"] = bad, ["good"] = good, ["worse"] = worse });

        Assert.Equal(
            "Cluster 'bad': lb_policy: LoadBalancingPolicyConfig is not supported; Cluster 'worse': connect_timeout: must not be negative", reason);
        Assert.Same(former, _holder.Model);
        Assert.DoesNotContain("good", _holder.Resources.Clusters.Keys);
    }

    [Fact]
    public void What_did_not_change_is_the_same_object_in_the_next_model()
    {
        ApplyMesh();
        var former = _holder.Model!.Clusters[MeshResources.Catalog];

        Apply(
            TypeUrls.Cluster, new Dictionary<string, IMessage> { ["outbound|80||new"] = MeshResources.EdsCluster("outbound|80||new") });

        Assert.Same(former, _holder.Model.Clusters[MeshResources.Catalog]);
    }

    [Fact]
    public void The_saved_configuration_serves_a_restart_and_shows_its_age()
    {
        ApplyMesh();
        using var state = new StateFolder(_folder.Path);
        new LastGoodFile(state, _fileLog).Save(_holder.Resources, _clock.GetUtcNow());
        _clock.Advance(TimeSpan.FromHours(3));

        using var restarted = new ModelHolder(ProxyModel.Empty, _clock, _log);
        restarted.Restore(new LastGoodFile(state, _fileLog).Load()!);

        Assert.Equal(8080, Assert.Single(restarted.Model!.Clusters[MeshResources.Catalog].Endpoints).Port);
        Assert.Equal(TimeSpan.FromHours(3), restarted.Status.Age(_clock.GetUtcNow()));
        Assert.Equal(ConfigSource.LastGood, restarted.Status.Source);
        Assert.Equal(
            _holder.Resources.Clusters.Select(
                c => (c.Key, c.Value.Version)), restarted.Resources.Clusters.Select(c => (c.Key, c.Value.Version)));
    }

    [Theory]
    [InlineData(0, "it is not a configuration")]
    [InlineData(8, "its checksum is wrong")]
    [InlineData(24, "its checksum is wrong")]
    [InlineData(100, "its checksum is wrong")]
    public void A_flipped_bit_makes_the_file_count_as_none_with_a_line_that_names_it(int position, string reason)
    {
        using var state = new StateFolder(_folder.Path);
        var (file, path) = Saved(state);
        var bytes = File.ReadAllBytes(path);
        bytes[position] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Null(file.Load());
        var line = Assert.Single(_fileLog.Texts(LogLevel.Warning));
        Assert.Contains(path, line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(200)]
    public void A_truncated_file_counts_as_none(int length)
    {
        using var state = new StateFolder(_folder.Path);
        var (file, path) = Saved(state);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);

        Assert.Null(file.Load());
        Assert.Single(_fileLog.Texts(LogLevel.Warning));
    }

    [Fact]
    public void What_cannot_be_carried_out_is_refused_and_everything_goes_back()
    {
        ApplyMesh();
        var (resources, model) = (_holder.Resources, _holder.Model!);
        var seen = new List<ProxyModel>();
        var isBroken = true;
        _holder.Changed += seen.Add;
        _holder.Changed += m =>
        {
            if (isBroken && m != model) throw new ArgumentOutOfRangeException("dueTime");
        };
        var next = new Dictionary<string, IMessage> { ["outbound|81||new"] = MeshResources.EdsCluster("outbound|81||new") };

        Assert.Contains("it cannot be carried out", Apply(TypeUrls.Cluster, next));
        Assert.Same(resources, _holder.Resources);
        Assert.Same(model, _holder.Model);
        Assert.Same(model, seen[^1]);
        var status = _holder.Status.Types[TypeUrls.Cluster];
        Assert.Equal(1, status.Refusals);
        Assert.Contains("it cannot be carried out", status.Refusal);

        isBroken = false;
        Assert.Null(Apply(TypeUrls.Cluster, next));
        Assert.Null(_holder.Status.Types[TypeUrls.Cluster].Refusal);
    }

    [Fact]
    public void A_saved_configuration_that_cannot_be_carried_out_is_not_used()
    {
        using var state = new StateFolder(_folder.Path);
        var (file, _) = Saved(state);
        using var restarted = new ModelHolder(ProxyModel.Empty, _clock, _log);
        restarted.Changed += _ => throw new ArgumentOutOfRangeException("dueTime");

        restarted.Restore(file.Load()!);

        Assert.Null(restarted.Model);
        Assert.Empty(restarted.Resources.Clusters);
        Assert.Equal(ConfigStatus.Nothing, restarted.Status);
        Assert.Contains(_log.Texts(LogLevel.Warning), t => t.Contains("is not used", StringComparison.Ordinal));
    }

    private (LastGoodFile File, string Path) Saved(StateFolder state)
    {
        ApplyMesh();
        var file = new LastGoodFile(state, _fileLog);
        file.Save(_holder.Resources, _clock.GetUtcNow());
        return (file, _folder.File(LastGoodFile.FileName));
    }

    private void ApplyMesh()
    {
        foreach (var (type, resources) in MeshResources.Mesh(8080)) Assert.Null(Apply(type, resources));
    }

    private string? Apply(string type, IReadOnlyDictionary<string, IMessage> resources)
    {
        var response = new DeltaDiscoveryResponse { TypeUrl = type, SystemVersionInfo = "v1" };
        response.Resources.AddRange(
            resources.Select(r => new Resource { Name = r.Key, Version = "1", Resource_ = Any.Pack(r.Value) }));
        return _holder.Apply(response);
    }

    private void Remove(string type, string name) =>
        Assert.Null(_holder.Apply(new DeltaDiscoveryResponse { TypeUrl = type, RemovedResources = { name } }));
}
