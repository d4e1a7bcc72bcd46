using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Xds.Gateway.Demands;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Gateway.Secrets;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Gateway.Workloads;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Translation.Scopes;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// Opens the streams of the aggregated discovery service: who is it, what goes along with it, and the loop.
/// </summary>
internal sealed partial class DiscoveryService(
    StreamParts parts,
    StreamFactories factories,
    IPeerAuthenticator authenticator,
    GatewayStatus status,
    ILogger<DiscoveryService> logger)
{
    public async Task ServeAsync(GrpcServerCall call, StreamProtocol protocol)
    {
        if (parts.Drain.Started.IsCancellationRequested) throw StreamSession.ShuttingDown();

        // A control plane that answers before it knows the mesh would empty every proxy.
        if (parts.Source.Current is null)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, "The server is not ready.");
        }

        var client = await authenticator.AuthenticateAsync(call.HttpContext, call.CancellationToken);
        using var place = parts.Admission.Enter();
        await call.StartAsync(call.CancellationToken); // translating takes time; a client must not believe us dead
        using var wire = new DiscoveryWire(
            call, protocol, parts.Options.StallTimeout, parts.Clock, parts.Drain.Over);
        if (await ReadFirstAsync(wire, call.CancellationToken) is not { } first) return;
        var from = call.HttpContext.Connection.RemoteIpAddress;
        await RunAsync(ProxyNode.Of(first.Node, client.Id), client, from, wire, first, call.CancellationToken);
    }

    /// <summary>
    /// The request that introduces the client; one that never says a word must neither keep its place for ever nor hold
    /// up the host's end.
    /// </summary>
    private async Task<StreamRequest?> ReadFirstAsync(DiscoveryWire wire, CancellationToken cancellationToken)
    {
        var limit = parts.Options.FirstRequestTimeout;
        using var late = new CancellationTokenSource(limit, parts.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            late.Token, parts.Drain.Started, cancellationToken);
        try
        {
            return await wire.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (parts.Drain.Started.IsCancellationRequested)
        {
            throw StreamSession.ShuttingDown();
        }
        catch (OperationCanceledException)
            when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new GrpcException(
                GrpcStatusCode.DeadlineExceeded,
                $"The first request, which carries the node, has not come within {limit.TotalSeconds:0.#} s.");
        }
    }

    private async Task RunAsync(
        ProxyNode node,
        ClientIdentity client,
        IPAddress? from,
        DiscoveryWire wire,
        StreamRequest first,
        CancellationToken cancellationToken)
    {
        StreamSession? session = null;
        var svid = node.Identity is null
            ? null
            : new SvidSession(node.Identity, node.Id, client.Serial, factories.Svid, () => session!.Wake());
        var workload = WorkloadDescription.Of(node) is { } registration
            ? new WorkloadSession(
                new MemberClaim(node.Scope.Namespace, node.WorkloadName, registration, from), client, node.Id, factories.Workload)
            : null;
        var report = new ReportedStream(
            node.Id, ConnectionOf(node), parts.Clock.GetUtcNow(), parts.Clock, factories.Reporter);
        session = new StreamSession(
            node,
            wire,
            parts,
            new StreamFellows(
                new StreamSecrets(svid),
                workload,
                report,
                new StreamAge(parts.Options, parts.Clock, factories.Random),
                client,
                node.AsksOnDemand && wire.Protocol is StreamProtocol.Delta
                    ? new StreamDemands(node, factories.Memory, parts.Options, parts.Clock)
                    : null),
            factories.SessionLogger);
        var open = new OpenStream(node, session, svid, report);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopping = parts.Drain.Started.Register(session.Wake);
        status.Add(open);
        parts.Metrics.Connected();
        LogOpened(node.Id, node.Identity?.ToString() ?? "no proved identity", wire.Protocol);
        if (node.Scope is { Mode: ProxyMode.Envoy } and not { ClientFiles: not null, ServerFiles: not null })
        {
            LogWithoutFiles(node.Id);
        }

        Task[] beside =
            [RunBesideAsync(svid?.RunAsync(ended.Token), node), RunBesideAsync(workload?.RunAsync(ended.Token), node)];
        try
        {
            await session.RunAsync(first, cancellationToken);
        }
        finally
        {
            status.Remove(open);
            parts.Metrics.Disconnected();
            report.Close();
            await ended.CancelAsync();
            await Task.WhenAll(beside);
            LogClosed(node.Id);
        }
    }

    /// <summary>Owns a loop that goes along with a stream: its failure is logged and does not end the stream.</summary>
    private async Task RunBesideAsync(Task? loop, ProxyNode node)
    {
        try
        {
            if (loop is not null) await loop;
        }
        catch (OperationCanceledException)
        {
            // The stream has ended.
        }
        catch (Exception exception)
        {
            LogFellowFailed(exception, node.Id);
        }
    }

    private ProxyConnection ConnectionOf(ProxyNode node) => new(
        factories.Gateway.Value,
        node.Identity?.ToString() ?? "",
        node.Scope.Namespace,
        node.Address,
        node.Scope.Labels.ToImmutableDictionary(),
        node.UserAgent);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} has connected ({Identity}, {Protocol}).")]
    private partial void LogOpened(string node, string identity, StreamProtocol protocol);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The Envoy {Node} names no certificate files for both ends (TLS_CLIENT_CERT_CHAIN, TLS_CLIENT_KEY, "
            + "TLS_CLIENT_ROOT_CERT, TLS_SERVER_..., or MESH_SDS_CERTIFICATE and MESH_SDS_ROOTS): where they are "
            + "missing it has no mesh mTLS, and what demands that is closed.")]
    private partial void LogWithoutFiles(string node);

    [LoggerMessage(Level = LogLevel.Information, Message = "The stream of {Node} has ended.")]
    private partial void LogClosed(string node);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "What goes along with the stream of {Node} has failed; the stream goes on.")]
    private partial void LogFellowFailed(Exception exception, string node);
}
