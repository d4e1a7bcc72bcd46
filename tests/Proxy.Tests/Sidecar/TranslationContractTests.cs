using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>What the control plane makes of the samples (its golden files) must be what this sidecar reads.</summary>
public sealed class TranslationContractTests
{
    public static TheoryData<string> Samples =>
        [.. Directory.GetFiles(Golden(), "*.json").Select(
            f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_translated_sample_becomes_a_whole_model(string sample)
    {
        using var holder = new ModelHolder(ProxyModel.Empty, new ManualTimeProvider(), new ListLogger<ModelHolder>());
        var resources = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden(), sample + ".json")))!.AsObject();

        string[] types =
            [TypeUrls.Cluster, TypeUrls.ClusterLoadAssignment, TypeUrls.Listener, TypeUrls.RouteConfiguration];
        foreach (var type in types) Assert.Null(holder.Apply(Response(type, resources)));

        Assert.NotNull(holder.Model);
        Assert.Empty(holder.Status.Warming);
        Assert.NotEmpty(holder.Model.Outbound);
        Assert.NotEmpty(holder.Model.Inbound);
    }

    private static DeltaDiscoveryResponse Response(string typeUrl, JsonObject resources)
    {
        var parser = new JsonParser(JsonParser.Settings.Default.WithTypeRegistry(XdsTypes.Registry));
        var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl, SystemVersionInfo = "golden" };
        var list = resources[typeUrl[(typeUrl.LastIndexOf('.') + 1)..]]?.AsArray() ?? [];
        response.Resources.AddRange(list.Select(json => new Resource
        {
            Name = (json!["name"] ?? json["clusterName"])!.GetValue<string>(),
            Version = "1",
            Resource_ = parser.Parse<Any>(json.ToJsonString()),
        }));
        return response;
    }

    private static string Golden([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../Xds.Tests/Translation/golden"));
}
