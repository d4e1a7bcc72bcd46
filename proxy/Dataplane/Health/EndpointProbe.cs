using System.Net.Http.Headers;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Grpc;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>
/// Asks one endpoint, the way that requests go, over a connection of its own that is kept from one check to the next.
/// </summary>
internal sealed class EndpointProbe(CheckTools tools) : IDisposable
{
    private const string UserAgent = "mesh-health-check";

    private static readonly UriCreationOptions RawTarget =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    private UpstreamPool? _pool;
    private TlsIdentity? _identity; // with which the pool's connections were made

    /// <summary>Asks once. What cannot be asked throws.</summary>
    /// <exception cref="OwnCredentialException">It is this proxy that cannot ask.</exception>
    public Task<CheckOutcome> AskAsync(HealthProbe probe, CheckTarget target, CancellationToken cancellationToken)
    {
        var isRequest = probe is not HealthProbe.Tcp;
        var kind = UpstreamPoolFactory.KindFor(
            target.Plan.Model, target.Slot.Model, downstreamIsHttp2: probe is HealthProbe.Grpc, isUpgrade: !isRequest);
        if (kind is PoolKind.MeshHttp1 or PoolKind.MeshHttp2) CheckOwnCertificate();
        return probe switch
        {
            HealthProbe.Http http => GetAsync(http, target, kind, cancellationToken),
            HealthProbe.Grpc grpc => CallAsync(grpc, target, kind, cancellationToken),
            _ => ConnectAsync(target, cancellationToken),
        };
    }

    public void Dispose() => _pool?.Retire();

    /// <summary>With a certificate that has ended every server would refuse the handshake.</summary>
    private void CheckOwnCertificate()
    {
        if (tools.State.Identity is { } identity
            && identity.Certificate.NotAfter.ToUniversalTime() > tools.Clock.GetUtcNow().UtcDateTime)
        {
            return;
        }

        throw new OwnCredentialException("This proxy has no valid certificate.");
    }

    private async Task<CheckOutcome> ConnectAsync(CheckTarget target, CancellationToken cancellationToken)
    {
        var stream = await tools.Connector.ConnectBytesAsync(
            target.Plan, target.Slot.Model, BytesCall.Own, cancellationToken).ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
        return CheckOutcome.Passed;
    }

    private async Task<CheckOutcome> GetAsync(
        HealthProbe.Http probe, CheckTarget target, PoolKind kind, CancellationToken cancellationToken)
    {
        var pool = PoolFor(target, kind);
        using var request = Request(HttpMethod.Get, target.Slot.UriPrefix + probe.Path, probe.Host, pool);
        using var response = await pool.Invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        if (Contains(probe.Expected, status)) return CheckOutcome.Passed;
        return Contains(probe.Tolerated, status) ? CheckOutcome.Failed : CheckOutcome.Refused;
    }

    private async Task<CheckOutcome> CallAsync(
        HealthProbe.Grpc probe, CheckTarget target, PoolKind kind, CancellationToken cancellationToken)
    {
        var pool = PoolFor(target, kind);
        using var request = Request(
            HttpMethod.Post, target.Slot.UriPrefix + GrpcHealth.Path, probe.Authority, pool);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Content = new ByteArrayContent(GrpcHealth.Request(probe.Service));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcFrame.ContentType);
        using var response = await pool.Invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[GrpcHealth.LongestAnswer + 1];
            var length = await body.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            var isOk = response.TrailingHeaders.TryGetValues("grpc-status", out var status)
                && status.FirstOrDefault() == "0";
            return isOk && GrpcHealth.IsServing(buffer.AsSpan(0, length)) ? CheckOutcome.Passed : CheckOutcome.Failed;
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string address, string host, UpstreamPool pool)
    {
        var request = new HttpRequestMessage(method, new Uri(address, RawTarget))
        {
            Version = pool.Version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (host.Length > 0) request.Headers.Host = host;
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        return request;
    }

    private static bool Contains(IEnumerable<StatusSpan> spans, int status) => spans.Any(span => span.Contains(status));

    private UpstreamPool PoolFor(CheckTarget target, PoolKind kind)
    {
        var plan = target.Plan;
        var identity = tools.State.Identity;
        if (_pool is { } known
            && known.Kind == kind
            && ReferenceEquals(known.Settings, plan.Settings)
            && ReferenceEquals(_identity, identity))
        {
            return known;
        }

        _pool?.Retire();
        (_pool, _identity) = (tools.Pools.Create(kind, plan.Settings), identity);
        return _pool;
    }
}
