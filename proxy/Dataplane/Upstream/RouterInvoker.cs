using MeshOrleans.Proxy.Dataplane.Http;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>Hands one request of the forwarder to the router, together with what was decided about it.</summary>
internal sealed class RouterInvoker(Router router, RequestExchange exchange)
    : HttpMessageInvoker(Nothing.Instance, disposeHandler: false)
{
    public override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken) =>
        router.SendAsync(exchange, request, cancellationToken);

    private sealed class Nothing : HttpMessageHandler
    {
        public static Nothing Instance { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The invoker answers by itself.");
    }
}
