using System.Collections.Immutable;
using System.Security.Cryptography;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>
/// Signs a CSR for whoever proves an identity, by a join token or by the certificate in use. Only the CSR's public key
/// counts; the name in the certificate is the proved one.
/// </summary>
internal sealed partial class CertificateService(
    IGrainFactory grains,
    SnapshotHolder snapshots,
    IPeerAuthenticator authenticator,
    GatewayMetrics metrics,
    ILogger<CertificateService> logger)
{
    private const string WorkloadPurpose = "workload";
    private const string BearerScheme = "Bearer ";

    public async Task<IstioCertificateResponse> CreateAsync(IstioCertificateRequest request, GrpcServerCall call)
    {
        metrics.CsrReceived();
        if (snapshots.Current.LocalBundle is not { } bundle)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, "The server is not ready.");
        }

        if (!call.HttpContext.Request.IsHttps)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "Certificates are signed over TLS only.");
        }

        // Who asks without any proof learns nothing about the CSR; a bad CSR does not use a token up.
        var token = call.Metadata("authorization");
        var client = token is null
            ? await authenticator.AuthenticateAsync(call.HttpContext, call.CancellationToken)
            : null;
        if (!CsrText.TryRead(request.Csr, out var csr, out var problem))
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, problem);
        }

        var nodeId = NodeIdOf(request, client, call);
        var (id, used) = client is null
            ? await RedeemAsync(token!, bundle.TrustDomain, csr, call)
            : (client.Id!, null);
        var lifetime = request.ValidityDuration > 0
            ? TimeSpan.FromSeconds(Math.Min(request.ValidityDuration, int.MaxValue))
            : (TimeSpan?)null;
        var issue = new IssueRequest(csr, nodeId, lifetime);
        var result = await grains.GetGrain<IIdentityGrain>(id.ToString()).IssueAsync(issue, call.CancellationToken);
        if (result is not IssueResult.Issued issued)
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                result is IssueResult.Refused refused ? refused.Reason : "The CSR was refused.");
        }

        if (used is not null) await used.FinishAsync(call.CancellationToken);
        LogIssued(id, issue.NodeId, issued.View.Serial);
        return new IstioCertificateResponse { CertChain = { issued.ChainPem, bundle.RootsPem } };
    }

    /// <summary>Uses a join token up, for a CSR; the use is to be finished.</summary>
    private async Task<(SpiffeId Id, IJoinTokenGrain Token)> RedeemAsync(
        string authorization, TrustDomain domain, ImmutableArray<byte> csr, GrpcServerCall call)
    {
        if (!authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase)
            || !JoinToken.TryParse(authorization[BearerScheme.Length..], out var token))
        {
            throw Unauthenticated("The authorization is no join token.");
        }

        var usedBy = $"{call.HttpContext.Connection.RemoteIpAddress}";
        var claim = Convert.ToHexString(SHA256.HashData(csr.AsSpan()));
        var grain = grains.GetGrain<IJoinTokenGrain>(token.Hash);
        return await grain.RedeemAsync(usedBy, claim, call.CancellationToken) switch
        {
            RedeemResult.Granted { Grant: { Purpose: WorkloadPurpose } grant } =>
                (SpiffeId.ForWorkload(domain, grant.Namespace, grant.ServiceAccount), grain),
            RedeemResult.Granted { Grant: var other } =>
                throw new GrpcException(
                    GrpcStatusCode.PermissionDenied, $"The token is for '{other.Purpose}', not for a workload."),
            RedeemResult.Used used => throw Unauthenticated($"The join token was used before, at {used.UsedAt:u}."),
            RedeemResult.Expired expired => throw Unauthenticated($"The join token expired at {expired.ExpiredAt:u}."),
            _ => throw Unauthenticated("The join token is not known here."),
        };
    }

    /// <summary>Who holds the key: as the client says, as its certificate is known, or by its address.</summary>
    private string NodeIdOf(IstioCertificateRequest request, ClientIdentity? client, GrpcServerCall call)
    {
        if (request.Metadata is { } metadata && ProxyNode.Text(metadata, "NODE_ID") is { } named)
        {
            return NodeText.IsPrintable(named, ProxyNode.MaxId)
                ? named
                : throw new GrpcException(
                    GrpcStatusCode.InvalidArgument,
                    $"NODE_ID must be of 1 to {ProxyNode.MaxId} printable characters.");
        }

        var known = client is null
            ? null
            : snapshots.Current.Identities.Values.FirstOrDefault(
                r => r.Serial == client.Serial && r.SpiffeId == client.Id!.ToString());
        return known?.NodeId ?? $"agent~{call.HttpContext.Connection.RemoteIpAddress}";
    }

    private static GrpcException Unauthenticated(string message) => new(GrpcStatusCode.Unauthenticated, message);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id} at {Node} has joined with certificate {Serial}.")]
    private partial void LogIssued(SpiffeId id, string node, string serial);
}
