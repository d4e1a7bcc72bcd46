using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>What a stream works on.</summary>
internal sealed record AdsParts(
    ModelHolder Models, IdentityHolder Identity, SecretKeeper Secrets, NodeFactory Nodes, WorkloadHealth Health);

/// <summary>Keeps one ADS stream open, to one gateway after the other.</summary>
internal sealed partial class AdsLoop(
    SidecarSettings settings, AdsParts parts, Surroundings surroundings, ILogger<AdsLoop> logger)
{
    private const string Method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
    // of a control plane that has proved itself: a big mesh in one message
    private const int MaxMessageSize = 256 << 20;
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30), surroundings.Random);
    private readonly Signal _identityChanged = new();
    private volatile DeltaSession? _session;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        parts.Identity.Changed += _ => OnIdentity();
        parts.Health.Changed += report => _session?.Report(report);
        for (var attempt = 0; !cancellationToken.IsCancellationRequested; attempt++)
        {
            while (!parts.Identity.Current.IsValid(
                surroundings.Clock.GetUtcNow())) await _identityChanged.WaitAsync(cancellationToken);
            var gateway = settings.Xds[attempt % settings.Xds.Length];
            await TryStreamAsync(gateway, cancellationToken);
            parts.Models.Disconnected();
            await Task.Delay(_backoff.Next(), surroundings.Clock, cancellationToken);
        }
    }

    private async Task TryStreamAsync(HostPort gateway, CancellationToken cancellationToken)
    {
        using var connection = new ControlPlaneConnection(gateway, parts.Identity.Current, surroundings.Clock);
        try
        {
            await StreamAsync(gateway, connection.Channel, cancellationToken);
            LogEnded(gateway);
        }
        catch (GrpcException) when (connection.Problem is not null)
        {
            LogNotTrusted(gateway, connection.Problem);
        }
        catch (GrpcException exception) when (exception.Status.Code
            is GrpcStatusCode.PermissionDenied or GrpcStatusCode.Unauthenticated or GrpcStatusCode.InvalidArgument)
        {
            LogRefused(gateway, exception.Status);
        }
        catch (GrpcException exception)
        {
            LogLost(gateway, exception.Status);
        }
        finally
        {
            _session = null;
        }
    }

    private async Task StreamAsync(HostPort gateway, GrpcChannel channel, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var call = channel.OpenDuplex<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
            Method,
            DeltaDiscoveryResponse.Parser,
            GrpcCallOptions.Default with { MaxMessageSize = MaxMessageSize },
            ended.Token);
        var session = new DeltaSession(parts.Models, parts.Secrets, parts.Nodes, parts.Identity);
        session.Open();
        session.Report(parts.Health.Current);
        _session = session;
        var sending = SendAsync(session, call, ended.Token);
        try
        {
            await foreach (var response in call.ReadAllAsync(cancellationToken))
            {
                if (parts.Models.Status.Gateway is null)
                {
                    _backoff.Reset();
                    parts.Models.Connected(gateway.ToString());
                    LogConnected(gateway);
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
