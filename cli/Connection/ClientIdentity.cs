using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Cli.Connection;

/// <summary>The files of a TLS connection: whom to believe, and a certificate that says who calls.</summary>
internal sealed class ClientIdentity
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly SslStreamCertificateContext? _certificate;

    private ClientIdentity(string? caFile, string? certificateFile, string? keyFile)
    {
        if (caFile is not null) _roots.ImportFromPemFile(caFile);
        if (certificateFile is null) return;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        _certificate = SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain, offline: true);
    }

    /// <summary>Neither: the roots of this machine hold, and no certificate is presented.</summary>
    public static ClientIdentity None { get; } = new(null, null, null);

    /// <summary>Whether there is a certificate.</summary>
    public bool HasCertificate => _certificate is not null;

    /// <summary>Reads the files that are named.</summary>
    /// <exception cref="CliException">One cannot be read, or is not what it should be.</exception>
    public static ClientIdentity Read(string? caFile, string? certificateFile, string? keyFile)
    {
        if (certificateFile is null != keyFile is null)
        {
            throw CliException.Usage("--certificate and --key belong together");
        }

        try
        {
            var identity = new ClientIdentity(caFile, certificateFile, keyFile);
            return caFile is null || identity._roots.Count > 0
                ? identity
                : throw new CliException($"{caFile} holds no certificate");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CliException($"cannot read the files for TLS: {exception.Message}");
        }
    }

    /// <summary>Has a connection use them.</summary>
    public void Apply(SslClientAuthenticationOptions tls)
    {
        if (_certificate is not null) tls.ClientCertificateContext = _certificate;
        if (_roots.Count > 0) tls.CertificateChainPolicy = PeerChainPolicy.Under(_roots);
    }
}
