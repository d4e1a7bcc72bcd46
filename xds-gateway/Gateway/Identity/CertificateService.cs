using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>
/// Signs a CSR for whoever proves an identity, by the same ways and rules as <c>POST /v1/certificates</c>. Only the
/// CSR's public key counts; the name in the certificate is the proved one.
/// </summary>
internal sealed partial class CertificateService(
    CertificateIssuer issuer,
    Attestors attestors,
    SnapshotHolder snapshots,
    IPeerAuthenticator authenticator,
    ICertificateRates rates,
    GatewayMetrics metrics,
    ILogger<CertificateService> logger)
{
    private const string BearerScheme = "Bearer ";

    public async Task<IstioCertificateResponse> CreateAsync(IstioCertificateRequest request, GrpcServerCall call)
    {
        metrics.CsrReceived();
        var connection = call.HttpContext.Connection;
        if (connection.ClientCertificate is null
            && rates.UntilHeard(connection.RemoteIpAddress) is var wait && wait > TimeSpan.Zero)
        {
            throw new GrpcException(new GrpcStatus(
                GrpcStatusCode.ResourceExhausted, "Too much that was not good has come from this address.") { RetryAfter = wait });
        }

        try
        {
            return await SignAsync(request, call);
        }
        catch (GrpcException exception) when (exception.Status.Code is GrpcStatusCode.Unauthenticated)
        {
            rates.Charge(connection.RemoteIpAddress);
            throw;
        }
    }

    private async Task<IstioCertificateResponse> SignAsync(IstioCertificateRequest request, GrpcServerCall call)
    {
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
        var isEnded = request.Metadata?.Fields.ContainsKey(EndedCertificateProof.ChainField) is true;
        if (isEnded && (token is not null || call.HttpContext.Connection.ClientCertificate is not null))
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"{EndedCertificateProof.ChainField}: cannot stand beside an authorization or a client certificate.");
        }

        var client = token is null && !isEnded
            ? await authenticator.AuthenticateAsync(call.HttpContext, call.CancellationToken)
            : null;
        if (!CsrText.TryRead(request.Csr, out var csr, out var problem))
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, problem);
        }

        if (isEnded && request.ValidityDuration != 0)
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"validity_duration: cannot stand beside {EndedCertificateProof.ChainField}, whose signature does not cover it.");
        }

        if (request.ValidityDuration < 0)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, "validity_duration: must not be negative; 0 is the default.");
        }

        var node = NodeOf(request);
        Evidence evidence = isEnded ? EndedOf(request.Metadata!, csr)
            : client is null ? EvidenceOf(token!)
            : new Evidence.Certificate(client.Id!, client.Serial, client.NotAfter);
        var order = new CertificateOrder
        {
            Evidence = evidence,
            Examined = await attestors.ExamineAsync(evidence, call.CancellationToken),
            Use = new EvidenceUse(
                $"{call.HttpContext.Connection.RemoteIpAddress}",
                JoinTokens.ClaimOf(Convert.ToBase64String(csr.AsSpan()), node)),
            Csr = csr,
            Node = node,
            Nameless = NamelessOf(client, call),
            Lifetime = request.ValidityDuration > 0
                ? TimeSpan.FromSeconds(Math.Min(request.ValidityDuration, int.MaxValue))
                : null,
        };
        var issuance = await issuer.IssueAsync(order, bundle.TrustDomain, call.CancellationToken);
        if (issuance is not Issuance.Issued(var id, var chain, var view)) throw StatusOf(issuance);
        LogIssued(id, view.NodeId, view.Serial);
        return new IstioCertificateResponse { CertChain = { chain, bundle.RootsPem } };
    }

    private static Evidence EvidenceOf(string authorization) =>
        authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase)
            ? Evidence.OfBearer(authorization[BearerScheme.Length..].Trim())
            : throw Unauthenticated("The authorization is no join token.");

    private static Evidence.EndedCertificate EndedOf(Struct metadata, ImmutableArray<byte> csr)
    {
        const string Chain = EndedCertificateProof.ChainField;
        const string Signature = EndedCertificateProof.SignatureField;
        var (chain, signature) = (ProxyNode.Text(metadata, Chain) ?? "", ProxyNode.Text(metadata, Signature) ?? "");
        return EndedEvidence.TryRead(chain, csr, signature, out var evidence, out var fault)
            ? evidence
            : throw new GrpcException(
                GrpcStatusCode.InvalidArgument, $"{(fault.Field == "chain" ? Chain : Signature)}: {fault.Message}.");
    }

    /// <summary>Who holds the key, as the client says; empty when it does not.</summary>
    private static string NodeOf(IstioCertificateRequest request)
    {
        if (request.Metadata is not { } metadata || ProxyNode.Text(metadata, "NODE_ID") is not { } named) return "";
        return named.Length == 0 || NodeName.IsId(named)
            ? named
            : throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"NODE_ID must be of 1 to {NodeName.MaxLength} printable characters.");
    }

    /// <summary>Who holds the key where nobody says: as its certificate is known, or by its address.</summary>
    private string NamelessOf(ClientIdentity? client, GrpcServerCall call)
    {
        var known = client is null
            ? null
            : snapshots.Current.Identities.Values.FirstOrDefault(
                r => r.Serial == client.Serial && r.SpiffeId == client.Id!.ToString());
        return known?.NodeId ?? NodeName.OfAgent($"{call.HttpContext.Connection.RemoteIpAddress}");
    }

    private static GrpcException StatusOf(Issuance issuance) => issuance switch
    {
        Issuance.Invalid(var reason) => new GrpcException(GrpcStatusCode.InvalidArgument, reason),
        Issuance.TooOften(var retryAfter) => new GrpcException(
            new GrpcStatus(GrpcStatusCode.ResourceExhausted, Issuance.TooOften.Reason) { RetryAfter = retryAfter }),
        Issuance.Denied(Attestation.Refused(_, { } token)) => StatusOf(token),
        Issuance.Denied(Attestation.Refused(var reason, _)) => Unauthenticated(reason),
        Issuance.Denied(Attestation.Contradicted(var reason)) =>
            new GrpcException(GrpcStatusCode.PermissionDenied, reason),
        Issuance.Denied(Attestation.Unavailable(var reason, var retryAfter)) => new GrpcException(
            new GrpcStatus(GrpcStatusCode.Unavailable, reason) { RetryAfter = retryAfter }),
        _ => throw new InvalidOperationException($"Unknown result {issuance}."),
    };

    private static GrpcException StatusOf(RedeemResult token) => token switch
    {
        RedeemResult.Granted(var other) => new GrpcException(
            GrpcStatusCode.PermissionDenied, $"The token is for '{other.Purpose}', not for a workload."),
        RedeemResult.Used used => Unauthenticated($"The join token was used before, at {used.UsedAt:u}."),
        RedeemResult.Expired expired => Unauthenticated($"The join token expired at {expired.ExpiredAt:u}."),
        _ => Unauthenticated("The join token is not known here."),
    };

    private static GrpcException Unauthenticated(string message) => new(GrpcStatusCode.Unauthenticated, message);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id} at {Node} has joined with certificate {Serial}.")]
    private partial void LogIssued(SpiffeId id, string node, string serial);
}
