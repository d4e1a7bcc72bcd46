using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Authorizers;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Limits;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Outbound;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Upstream;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>One request on its way through the proxy: what was decided about it and what became of it.</summary>
internal sealed class RequestExchange
{
    private CircuitBreaker.Gate? _gate;
    private CircuitBreaker? _breaker;
    private UpstreamPool? _pool;
    private EndpointState? _endpoint;
    private CancellationTokenRegistration _bodyLimit;
    private System.Net.IPAddress? _remoteAddress;
    private bool _isRetry;

    public RequestExchange(HttpContext context, ProxySnapshot snapshot, Caller caller, bool isInbound, long startedAt)
    {
        (Context, Snapshot, Caller, IsInbound, StartedAt) = (context, snapshot, caller, isInbound, startedAt);
        Host = context.Request.Headers.Host.ToString();
    }

    public HttpContext Context { get; }

    /// <summary>
    /// The model that holds for this request from its first to its last byte. Only one that waited for another model
    /// before anything was decided on it gets that one.
    /// </summary>
    public ProxySnapshot Snapshot { get; set; }

    public Caller Caller { get; }

    public bool IsInbound { get; }

    public long StartedAt { get; }

    /// <summary>The host as the caller wrote it, or as a route has rewritten it.</summary>
    public string Host { get; set; }

    /// <summary>The host as it is compared.</summary>
    public string Authority { get; set; } = "";

    public string Scheme { get; set; } = "http";

    public int DestinationPort { get; set; }

    /// <summary>Where the connection was meant to go, whatever host its request names; null when that says it.</summary>
    public TunnelTarget? Tunnel { get; set; }

    /// <summary>The port that was called, of the same model; null on the way out.</summary>
    public InboundPortModel? InboundPort { get; init; }

    /// <summary>
    /// How many addresses at the right end of x-forwarded-for are those of proxies that are trusted to have written the
    /// one before them; at the edge its own is the first.
    /// </summary>
    public int TrustedHops { get; init; }

    /// <summary>The original client's, as far as it can be known. Read once: policies may ask for it often.</summary>
    public System.Net.IPAddress? RemoteAddress => _remoteAddress ??=
        ForwardedAddress.Find(new HttpRequestView(this).Header(ForwardedAddress.Header), TrustedHops)
        ?? Context.Connection.RemoteIpAddress;

    /// <summary>The normalised target: what policy and routing saw.</summary>
    public RequestTarget Target { get; set; }

    /// <summary>The target that goes upstream: the same, unless a route rewrites it.</summary>
    public string UpstreamTarget { get; set; } = "";

    public RouteTableModel Table { get; set; } = RouteTableModel.Empty;

    public RouteDecision Decision { get; set; }

    public RouteAction.Forward? Forward { get; set; }

    public WeightedClusterModel? Choice { get; set; }

    /// <summary>The origin that the answer is to name as allowed; empty for none.</summary>
    public string AllowedOrigin { get; set; } = "";

    /// <summary>The token that was verified for this request; null when there is none.</summary>
    public VerifiedToken? Token { get; set; }

    /// <summary>What the external authorizer that has allowed the request adds to its response; null for nothing.</summary>
    public IReadOnlyList<HeaderChange>? AuthorizerHeaders { get; set; }

    /// <summary>What the limits of the workload say; nothing on the way out.</summary>
    public RateLimitVerdict RateLimit { get; set; }

    /// <summary>The deadline that the local application has asked for; null for none.</summary>
    public TimeSpan? TimeoutOverride { get; set; }

    public ClusterPlan? Cluster { get; set; }

    /// <summary>The lane of its cluster that the request is in; null for none.</summary>
    public LanePlan? Lane { get; set; }

    /// <summary>The key by which a hashing load balancer chooses; null for none.</summary>
    public ulong? HashKey { get; set; }

    /// <summary>Cookies for the caller, so that its next request has the key of this one; null for none.</summary>
    public List<string>? NewCookies { get; set; }

    /// <summary>How much of the request's body may be remembered, in bytes.</summary>
    public int BodyLimit => Decision.Host?.BodyLimit ?? VirtualHostModel.DefaultBodyLimit;

    public ResponseFlags Flags { get; set; }

    /// <summary>Envoy's response_code_details; empty for the ordinary.</summary>
    public string Details { get; set; } = "";

    /// <summary>Why there was no connection, in words; empty when there was one.</summary>
    public string TransportFailure { get; set; } = "";

    /// <summary>The name, in logs and metrics, of the cluster that it was given to; empty when there is none.</summary>
    public string ClusterName => Choice?.Name ?? UnknownHostRoutes.ClusterOf(Decision.Route);

    public EndpointModel? Upstream { get; set; }

    public int Attempts { get; set; }

    public bool IsUpgrade { get; set; }

    public bool IsGrpc { get; set; }

    /// <summary>Whether it asks about the server itself and so names no path (<c>OPTIONS *</c>, RFC 9112 section 3.2.4).</summary>
    public bool IsAboutServer { get; set; }

    /// <summary>When the whole exchange must be over; null for no limit.</summary>
    public CancellationTokenSource? Deadline { get; set; }

    public bool IsOverdue => Deadline is { IsCancellationRequested: true };

    /// <summary>Counts the exchange into its cluster; <see cref="End"/> counts it out.</summary>
    public void Hold(CircuitBreaker breaker) => _breaker = breaker;

    public void Hold(CircuitBreaker.Gate? gate) => _gate = gate;

    /// <summary>Takes over what the current try occupies.</summary>
    public void Hold(UpstreamPool pool, EndpointState endpoint)
    {
        (_pool, _endpoint) = (pool, endpoint);
        endpoint.Begin();
    }

    /// <summary>Gives back what the current try occupies.</summary>
    public void EndTry()
    {
        _endpoint?.End();
        _pool?.Exit();
        (_pool, _endpoint) = (null, null);
    }

    /// <summary>
    /// Counts the next try in as a retry, which it is until its outcome is known; false when there are too many.
    /// </summary>
    public bool TryBeginRetry() => _isRetry = _breaker!.TryBeginRetry();

    /// <summary>Counts the retry out, if the last try was one.</summary>
    public void EndRetry()
    {
        if (_isRetry) _breaker!.EndRetry();
        _isRetry = false;
    }

    /// <summary>
    /// The response has begun: from here on the deadline cuts it off. What has switched to another protocol has no end that
    /// could be waited for (Envoy's timer begins when the request has ended, which it never has).
    /// </summary>
    public void LimitBody(HttpStatusCode status)
    {
        if (Deadline is null || status is HttpStatusCode.SwitchingProtocols) return;
        _bodyLimit = Deadline.Token.UnsafeRegister(static exchange => ((RequestExchange)exchange!).CutOff(), this);
    }

    /// <summary>Gives everything back. The response has been sent, or never will be.</summary>
    public void End()
    {
        _bodyLimit.Dispose(); // waits for a cut that has begun: the connection may carry another request next
        EndTry();
        EndRetry();
        _gate?.Release();
        _breaker?.EndRequest();
        Deadline?.Dispose();
        (_gate, _breaker) = (null, null);
    }

    private void CutOff()
    {
        Flags |= ResponseFlags.UpstreamTimeout;
        Context.Abort();
    }
}
