using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>Has a certificate request signed by the control plane.</summary>
internal sealed class CertificateClient(SidecarSettings settings, TimeProvider clock)
{
    private const string Method = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Sends the staged request, with a join token or with the certificate in use.</summary>
    /// <returns>The chain, leaf first.</returns>
    /// <exception cref="IdentityException">It was not signed; fit for the log.</exception>
    public Task<string> RequestAsync(
        GatewayAttempt attempt, SidecarIdentity identity, JoinToken? token, CancellationToken cancellationToken) =>
        SendAsync(attempt, identity, Request(identity), token, cancellationToken);

    /// <summary>Sends the staged request, signed by the key of a certificate that has ended.</summary>
    /// <returns>The chain, leaf first.</returns>
    /// <exception cref="IdentityException">It was not signed; fit for the log.</exception>
    public Task<string> RequestAsync(
        GatewayAttempt attempt, SidecarIdentity identity, Svid ended, CancellationToken cancellationToken)
    {
        var request = Request(identity);
        var fields = request.Metadata.Fields;
        fields[EndedCertificateProof.ChainField] = Value.ForString(ended.ChainPem);
        fields[EndedCertificateProof.SignatureField] = Value.ForString(
            Convert.ToBase64String(ended.Prove(identity.Staged.Request)));
        return SendAsync(attempt, identity, request, token: null, cancellationToken);
    }

    private async Task<string> SendAsync(
        GatewayAttempt attempt,
        SidecarIdentity identity,
        IstioCertificateRequest request,
        JoinToken? token,
        CancellationToken cancellationToken)
    {
        var gateway = attempt.Gateway;
        using var connection = new ControlPlaneConnection(attempt, identity, clock);
        var options = GrpcCallOptions.Default with { Timeout = Patience };
        if (token is not null) options = options.WithBearer(token.Reveal());
        try
        {
            var response = await connection.Channel.UnaryAsync(
                Method, request, IstioCertificateResponse.Parser, options, cancellationToken);
            return string.Join('\n', response.CertChain);
        }
        catch (GrpcException exception)
        {
            throw new IdentityException(connection.Problem is { } problem
                ? $"{gateway} is not the control plane this sidecar trusts: {problem}"
                : $"{gateway} does not sign: {exception.Status}")
            {
                IsRefusal = connection.Problem is not null
                    || exception.Status.Code is GrpcStatusCode.Unauthenticated or GrpcStatusCode.PermissionDenied,
            };
        }
    }

    // The node id says who holds the key: by it the control plane knows on the stream which certificate is in use.
    private IstioCertificateRequest Request(SidecarIdentity identity) => new()
    {
        Csr = identity.Staged.RequestPem,
        Metadata = new() { Fields = { ["NODE_ID"] = Value.ForString(settings.NodeId) } },
    };
}
