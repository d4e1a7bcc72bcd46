using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>Finds out who calls, once per request; what a caller may do is decided where it is asked for.</summary>
internal sealed class ApiAuthentication(
    AdminToken admin, AccessFile access, TokenReader tokens, SnapshotHolder snapshots)
{
    private const string Scheme = "Bearer ";
    private const int MaxName = 256;

    /// <summary>
    /// The caller of the request; <see cref="Caller.Anonymous"/> when it presents nothing. Of a bearer and a certificate the
    /// bearer counts.
    /// </summary>
    public async Task<Caller> IdentifyAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count > 1) return new Caller.Refused("The request has more than one Authorization header.");
        if (header.Count == 1)
        {
            return header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? await BearerAsync(value[Scheme.Length..].Trim(), context.RequestAborted)
                : new Caller.Refused("The only scheme of Authorization that is understood here is Bearer.");
        }

        // The handshake let the certificate through, so its name is proved; it may have been revoked since then.
        if (context.Connection.ClientCertificate is not { } certificate) return new Caller.Anonymous();
        if (RevokedCertificates.Of(snapshots.Current.LocalBundle).Find(certificate) is { } revoked)
        {
            return new Caller.Refused(revoked.ToString());
        }

        return PeerSvid.TryReadName(certificate, out var id, out _)
            ? new Caller.Member(id, access.Current.RightsOf(id))
            {
                Serial = certificate.SerialNumber, NotAfter = certificate.NotAfter,
            }
            : new Caller.Anonymous();
    }

    private async Task<Caller> BearerAsync(string credential, CancellationToken cancellationToken)
    {
        if (admin.Matches(credential)) return new Caller.Admin();
        if (JoinToken.TryParse(credential, out var token)) return new Caller.TokenHolder(token);
        if (!TokenReader.IsToken(credential)) return new Caller.Bearer(credential);
        var policy = access.Current;
        var issuer = TokenReader.ClaimedIssuer(credential);
        if (issuer is null) return new Caller.Refused("The bearer looks like a token, and is none.");
        if (policy.Issuers.FirstOrDefault(i => i.Issuer == issuer) is { } trusted)
        {
            return await UserAsync(policy, trusted, credential, cancellationToken);
        }

        // that of a service account is looked at only where it is good for something
        return policy.Clusters.Any(cluster => cluster.Issuer.Issuer == issuer)
            ? new Caller.Bearer(credential)
            : new Caller.Refused("The token's issuer is not one of those that this control plane believes.");
    }

    private async Task<Caller> UserAsync(
        AccessPolicy policy, TrustedIssuer issuer, string credential, CancellationToken cancellationToken)
    {
        var (token, refusal, _) = await tokens.VerifyAsync(issuer, credential, cancellationToken);
        if (token is null) return new Caller.Refused(refusal);
        var name = token.Claims[issuer.NameClaim]?.Text ?? "";
        return name.Length == 0
            ? new Caller.Refused($"The token has no claim {issuer.NameClaim} that says whose it is.")
            : name.Length > MaxName
            ? new Caller.Refused($"The token's claim {issuer.NameClaim} is longer than {MaxName} characters.")
            : new Caller.User(issuer.Issuer, Printable.Escaped(name), policy.RightsOf(issuer, token.Claims));
    }
}
