using System.Buffers.Binary;
using Google.Protobuf;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Tests.Translation;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>A client that asks for all clusters and takes the answer as slowly as the test wants, on a connection of its own.</summary>
internal sealed class SlowClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly HttpMessageInvoker _invoker;
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;

    private SlowClient(HttpMessageInvoker invoker, HttpResponseMessage response, Stream body) =>
        (_invoker, _response, _body) = (invoker, response, body);

    /// <summary>A mesh whose clusters are some megabytes.</summary>
    public static MeshSnapshot LargeMesh()
    {
        var services = Enumerable.Range(1, 3_000).Select(i =>
            $"kind: Service\napiVersion: v1\nmetadata: {{ name: service-{i}, namespace: app }}\n"
            + $"spec: {{ selector: {{ app: s{i} }}, ports: [ {{ port: 80, name: http }} ] }}");
        return TestMesh.Of(string.Join("\n---\n", services), []).Snapshot;
    }

    public static async Task<SlowClient> OpenAsync(GatewayHost host)
    {
        var handler = GrpcChannel.CreateHandler();
        handler.InitialHttp2StreamWindowSize = 65_535;
        var invoker = new HttpMessageInvoker(handler);
        var message = new DiscoveryRequest { TypeUrl = TypeUrls.Cluster, Node = AdsClient.Node() }.ToByteArray();
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(host.Address, "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        var response = await invoker.SendAsync(request, CancellationToken.None).WaitAsync(Patience);
        return new SlowClient(invoker, response, await response.Content.ReadAsStreamAsync(CancellationToken.None));
    }

    /// <summary>Takes so many bytes, or what is left.</summary>
    public async Task<int> ReadAsync(int count) =>
        await _body.ReadAtLeastAsync(new byte[count], count, throwOnEndOfStream: false).AsTask().WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _response.Dispose();
        _invoker.Dispose();
    }
}
