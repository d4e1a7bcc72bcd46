using System.Collections.Frozen;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>Ends the TLS of an edge chain: with a certificate of this machine, or with the mesh's own.</summary>
internal sealed partial class EdgeHandshake(EdgeServices services, PeerTrust trust, ILogger<EdgeHandshake> logger)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="AuthenticationException">There is no certificate at present: this handshake fails.</exception>
    public SslServerAuthenticationOptions OptionsFor(EdgeConnection connection, EdgeTlsModel tls)
    {
        var options = new SslServerAuthenticationOptions
        {
            AllowRenegotiation = false,
            AllowTlsResume = tls.Demand is ClientCertificateDemand.None, // it would skip the client's check
            ApplicationProtocols = tls.IsHttp && connection.Hello is { Protocols.Count: > 0 } ? MeshAlpn.Http : null,
            CertificateChainPolicy = PeerChainPolicy.Offline(),
            ClientCertificateRequired = tls.Demand is not ClientCertificateDemand.None,
            EnabledSslProtocols = tls.Protocols,
        };
        if (tls.IsMesh) UseMesh(options, connection, tls);
        else UseOwn(options, connection, tls);
        return options;
    }

    private void UseMesh(SslServerAuthenticationOptions options, EdgeConnection connection, EdgeTlsModel tls)
    {
        var identity = services.Common.State.Identity
            ?? throw new AuthenticationException("This gateway has no certificate yet.");
        options.ServerCertificateContext = identity.Context;
        options.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            var problem = trust.Judge(certificate as X509Certificate2, chain, identity, connection);
            var peer = connection.Caller.PeerId;
            if (problem.Length == 0 && !tls.AllowedNames.IsEmpty && !tls.AllowedNames.Contains(peer))
            {
                problem = $"{peer} is not among those that the server takes.";
            }

            return problem.Length == 0 || Refuse(connection, problem);
        };
    }

    private void UseOwn(SslServerAuthenticationOptions options, EdgeConnection connection, EdgeTlsModel tls)
    {
        options.ServerCertificateContext = tls.Certificates.Select(services.Credentials.FindCertificate)
            .FirstOrDefault(found => found is not null)
            ?? throw new AuthenticationException($"There is no certificate '{string.Join("', '", tls.Certificates)}'.");
        connection.Caller = new Caller(null, connection.Hello?.ServerName ?? "");
        if (tls.Demand is ClientCertificateDemand.None) return;
        if (tls.Roots is not { } name || services.Credentials.FindRoots(name) is not { } roots)
        {
            throw new AuthenticationException($"There are no roots '{tls.Roots}' to check clients by.");
        }

        var revoked = RevokedIn(name.RevokedFile);
        var policy = options.CertificateChainPolicy!; // what is revoked is in a file, looked at below
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.VerificationTime = services.Common.Clock.GetUtcNow().UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        policy.CustomTrustStore.AddRange(roots);
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (certificate is not X509Certificate2 leaf)
            {
                return tls.Demand is ClientCertificateDemand.Optional
                    || Refuse(connection, "The client shows no certificate.");
            }

            var shown = chain is null ? null : ShownChain.Of(chain);
            var problem = shown?.FindIn(revoked) is { } subject
                ? $"{subject} is revoked."
                : ProblemOf(leaf, chain, errors, tls);
            if (problem.Length > 0) return Refuse(connection, problem);
            connection.Shown = shown;
            connection.Caller = new Caller(null, connection.Hello?.ServerName ?? "")
            {
                ForwardedClientCertificate = Describe(leaf),
            };
            return true;
        };
    }

    private FrozenSet<(string Issuer, string Serial)> RevokedIn(string file)
    {
        try
        {
            return services.Common.Revocations.Files.Read(file);
        }
        catch (CredentialException exception)
        {
            throw new AuthenticationException(exception.Message, exception);
        }
    }

    private static string ProblemOf(X509Certificate2 leaf, X509Chain? chain, SslPolicyErrors errors, EdgeTlsModel tls)
    {
        if (errors is not SslPolicyErrors.None)
        {
            var status = string.Join(", ", chain?.ChainStatus.Select(s => s.Status) ?? []);
            return $"The client's certificate is not good ({errors}: {status}).";
        }

        if (!tls.AllowedNames.IsEmpty && !NamesOf(leaf).Any(name => tls.AllowedNames.Contains(name)))
        {
            return $"{leaf.Subject} has none of the names that the server takes.";
        }

        if (tls.AllowedKeys.IsEmpty && tls.AllowedHashes.IsEmpty) return "";
        var key = Convert.ToBase64String(SHA256.HashData(leaf.PublicKey.ExportSubjectPublicKeyInfo()));
        return tls.AllowedKeys.Contains(key) || tls.AllowedHashes.Contains(HashOf(leaf))
            ? ""
            : $"{leaf.Subject} is not among the certificates that the server takes.";
    }

    private static IEnumerable<string> NamesOf(X509Certificate2 leaf)
    {
        foreach (var extension in leaf.Extensions)
        {
            if (extension.Oid?.Value != "2.5.29.17") continue;
            foreach (var name in SubjectNames.Read(extension.RawData)) yield return name;
        }
    }

    private static string HashOf(X509Certificate2 leaf) =>
        Convert.ToHexStringLower(leaf.GetCertHash(HashAlgorithmName.SHA256));

    // Quotes and line ends must not end the header's field.
    private static string Describe(X509Certificate2 leaf)
    {
        var subject = leaf.Subject.Where(c => c is >= ' ' and < (char)127 and not ('"' or '\\'));
        return $"Hash={HashOf(leaf)};Subject=\"{string.Concat(subject)}\"";
    }

    private bool Refuse(EdgeConnection connection, string problem)
    {
        services.Common.Metrics.CountPeerRefused();
        LogRefused(connection.Socket.Name, connection.ClientAddress, problem);
        return false;
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Listener {Listener} refused the certificate of {Client}: {Problem}")]
    private partial void LogRefused(string listener, string client, string problem);
}
