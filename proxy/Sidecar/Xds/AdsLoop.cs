using MeshOrleans.Proxy.Sidecar.Callers;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>What a stream works on.</summary>
internal sealed record AdsParts(
    ModelHolder Models,
    IdentityHolder Identity,
    SecretKeeper Secrets,
    NodeFactory Nodes,
    WorkloadHealth Health,
    DemandBook Demands,
    CallerReporter? Callers);

/// <summary>Keeps one ADS stream open, to one gateway after the other.</summary>
internal sealed partial class AdsLoop(
    SidecarSettings settings, AdsParts parts, Surroundings surroundings, ILogger<AdsLoop> logger)
{
    private const string Method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
    // of a control plane that has proved itself: a big mesh in one message
    public const int MaxMessageSize = 256 << 20;
    // A gateway that ends streams as soon as they are open is no better than one that is away.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private readonly GatewayRing _ring = new(settings, surroundings);
    private readonly Signal _identityChanged = new();
    private volatile DeltaSession? _session;
    private long? _connectedAt;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        parts.Identity.Changed += _ => OnIdentity();
        parts.Health.Changed += report => _session?.Report(report);
        if (parts.Callers is not null) parts.Callers.Changed += report => _session?.Report(report);
        while (!cancellationToken.IsCancellationRequested)
        {
            while (!parts.Identity.Current.IsValid(
                surroundings.Clock.GetUtcNow())) await _identityChanged.WaitAsync(cancellationToken);
            _connectedAt = null;
            var retryAfter = await TryStreamAsync(_ring.Current, cancellationToken);
            parts.Models.Disconnected();
            if (_connectedAt is { } at && surroundings.Clock.GetElapsedTime(at) >= Settled) _ring.Worked();
            await Task.Delay(_ring.Failed(retryAfter), surroundings.Clock, cancellationToken);
        }
    }

    /// <summary>One stream, from beginning to end.</summary>
    /// <returns>When the gateway wants to be tried again; null when it did not say.</returns>
    private async Task<TimeSpan?> TryStreamAsync(GatewayAttempt attempt, CancellationToken cancellationToken)
    {
        var gateway = attempt.Gateway;
        using var connection = new ControlPlaneConnection(attempt, parts.Identity.Current, surroundings.Clock);
        try
        {
            await StreamAsync(attempt, connection.Channel, cancellationToken);
            LogEnded(gateway);
            return null;
        }
        catch (GrpcException) when (connection.Problem is not null)
        {
            LogNotTrusted(gateway, connection.Problem);
            return null;
        }
        catch (GrpcException exception) when (exception.Status.Code
            is GrpcStatusCode.PermissionDenied or GrpcStatusCode.Unauthenticated or GrpcStatusCode.InvalidArgument)
        {
            LogRefused(gateway, exception.Status);
            return exception.Status.RetryAfter;
        }
        catch (GrpcException exception)
        {
            LogLost(gateway, exception.Status);
            return exception.Status.RetryAfter;
        }
        finally
        {
            _session = null;
        }
    }

    private async Task StreamAsync(GatewayAttempt attempt, GrpcChannel channel, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var call = channel.OpenDuplex<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
            Method,
            DeltaDiscoveryResponse.Parser,
            GrpcCallOptions.Default with { MaxMessageSize = MaxMessageSize },
            ended.Token);
        var session = new DeltaSession(parts.Models, parts.Secrets, parts.Nodes, parts.Identity, parts.Demands);
        session.Open();
        session.Report(parts.Health.Current);
        _session = session;
        // after it: what comes meanwhile is told twice
        if (parts.Callers is not null) session.Report(parts.Callers.Whole());
        var sending = SendAsync(session, call, ended.Token);
        try
        {
            await AwaitHeadersAsync(call, attempt.Patience, cancellationToken);
            await foreach (var response in call.ReadAllAsync(cancellationToken))
            {
                if (parts.Models.Status.Gateway is null)
                {
                    _connectedAt = surroundings.Clock.GetTimestamp();
                    parts.Models.Connected(attempt.Gateway.ToString());
                    session.Connected();
                    LogConnected(attempt.Gateway);
                }

                session.Receive(response);
            }
        }
        finally
        {
            session.Close();
            await ended.CancelAsync();
            await sending;
        }
    }

    // A stopped process still accepts connections; once there are headers, pings show whether it lives.
    private async Task AwaitHeadersAsync(
        GrpcDuplexCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call,
        TimeSpan patience,
        CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(patience, surroundings.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            await call.WaitForHeadersAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GrpcException(
                GrpcStatusCode.Unavailable, $"There was no answer within {patience.TotalSeconds:0} s.");
        }
    }

    // The reads say how the call ended; what cannot be written then is moot.
    private static async Task SendAsync(
        DeltaSession session,
        GrpcDuplexCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call,
        CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var next in session.Outgoing.ReadAllAsync(cancellationToken))
            {
                if ((next ?? session.Announcement()) is { } request) await call.WriteAsync(request, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is GrpcException or OperationCanceledException)
        {
        }
    }

    private void OnIdentity()
    {
        _identityChanged.Set();
        _session?.AnnounceRequest();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to {Gateway}.")]
    private partial void LogConnected(HostPort gateway);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Gateway} has ended the stream; connecting again.")]
    private partial void LogEnded(HostPort gateway);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "No stream to {Gateway}, traffic goes on with what is known: {Status}.")]
    private partial void LogLost(HostPort gateway, GrpcStatus status);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Gateway} refuses this sidecar: {Status}. Trying again.")]
    private partial void LogRefused(HostPort gateway, GrpcStatus status);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Gateway} is not the control plane this sidecar trusts: {Problem}. Trying again.")]
    private partial void LogNotTrusted(HostPort gateway, string problem);
}
