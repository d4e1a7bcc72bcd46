using System.Globalization;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>One copy of a request: what it says, before it is known which endpoint it goes to.</summary>
/// <remarks>Made before the original goes on: the headers must not be read by two at once.</remarks>
internal sealed class MirrorCopy
{
    private static readonly UriCreationOptions RawTarget =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly string _target;
    private readonly KnownContent? _content;

    public MirrorCopy(RequestExchange exchange, ClusterPlan plan, LanePlan? lane, bool hasBody)
    {
        (Plan, Lane, _target) = (plan, lane, exchange.UpstreamTarget);
        Request = new HttpRequestMessage { Method = HttpMethod.Parse(exchange.Context.Request.Method) };
        Request.Content = _content = hasBody ? new KnownContent() : null;
        foreach (var (name, values) in exchange.Context.Request.Headers)
        {
            if (name.Length == 0 || name[0] == ':' || ConnectionHeaders.IsHopByHop(name)) continue;
            if (name.Equals("Expect", StringComparison.OrdinalIgnoreCase)) continue; // its body is there already
            if (Request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) continue;
            _content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        Request.Headers.Host = ShadowOf(exchange.Host);
        TraceHeaders.SampleOut(Request.Headers);
    }

    public ClusterPlan Plan { get; }

    /// <summary>The lane that it is in; null for none.</summary>
    public LanePlan? Lane { get; }

    public HttpRequestMessage Request { get; }

    public void SetBody(ReadOnlyMemory<byte> body) => _content!.Body = body;

    public void AddressTo(EndpointSlot slot, Version version)
    {
        Request.RequestUri = new Uri(slot.UriPrefix + _target, RawTarget);
        Request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Request.Version = version;
    }

    private static string ShadowOf(string host)
    {
        var name = HostName.WithoutPort(host);
        return string.Create(CultureInfo.InvariantCulture, $"{name}-shadow{host.AsSpan(name.Length)}");
    }

    private sealed class KnownContent : HttpContent
    {
        public ReadOnlyMemory<byte> Body { get; set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync(Body).AsTask();

        protected override Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            stream.WriteAsync(Body, cancellationToken).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = Body.Length;
            return true;
        }
    }
}
