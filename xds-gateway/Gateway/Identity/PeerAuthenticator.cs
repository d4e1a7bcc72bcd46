using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>Who a client has proved to be.</summary>
/// <param name="Id">Its identity; null on the plaintext port, where nothing is proved.</param>
/// <param name="Serial">The serial number of its certificate, upper-case hex; empty when it has none.</param>
/// <param name="Issuer">The name of that certificate's issuer, DER as upper-case hex; empty when it has none.</param>
public sealed record ClientIdentity(SpiffeId? Id, string Serial, string Issuer = "")
{
    /// <summary>When its certificate ends; a connection may last longer.</summary>
    public DateTimeOffset NotAfter { get; init; } = DateTimeOffset.MaxValue;
}

/// <summary>Finds out who a client is. The host may register another one.</summary>
public interface IPeerAuthenticator
{
    /// <summary>Who is at the other end of a call.</summary>
    /// <exception cref="GrpcException">It has not proved who it is, and may not go on without.</exception>
    Task<ClientIdentity> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken);
}

/// <summary>
/// By the certificate of the TLS connection, which the listener has verified against the mesh's roots. A connection in
/// clear text counts as local and proves nothing; it must come in on a loopback address. A certificate that was revoked since
/// its handshake proves nothing any more.
/// </summary>
internal sealed class TlsPeerAuthenticator(SnapshotHolder snapshots) : IPeerAuthenticator
{
    public async Task<ClientIdentity> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var connection = context.Connection;
        if (!context.Request.IsHttps)
        {
            return connection.LocalIpAddress is { } address && System.Net.IPAddress.IsLoopback(address)
                ? new ClientIdentity(null, "")
                : throw new GrpcException(
                    GrpcStatusCode.Unauthenticated, "Clear text is served on loopback addresses only.");
        }

        var certificate = connection.ClientCertificate ?? await connection.GetClientCertificateAsync(cancellationToken);
        if (certificate is null)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "The connection carries no client certificate.");
        }

        if (RevokedCertificates.Of(snapshots.Current.LocalBundle).Find(certificate) is { } revoked)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, revoked.ToString());
        }

        return PeerSvid.TryReadName(certificate, out var id, out var problem)
            ? new ClientIdentity(id, certificate.SerialNumber, Convert.ToHexString(certificate.IssuerName.RawData))
            {
                NotAfter = certificate.NotAfter,
            }
            : throw new GrpcException(GrpcStatusCode.Unauthenticated, problem);
    }
}
