using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Model.Identity;

/// <summary>What the extended key usage of a certificate says of TLS.</summary>
public static class TlsUsage
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string AnyUsage = "2.5.29.37.0";

    /// <summary>
    /// Whether a certificate, or what is below it, may be used at both ends of TLS: a workload is a server and a client by
    /// the same certificate.
    /// </summary>
    /// <remarks>Source: X509-SVID section 4.4, RFC 5280 section 4.2.1.12.</remarks>
    public static bool AllowsBothEnds(X509EnhancedKeyUsageExtension usage)
    {
        var (server, client) = (false, false);
        foreach (var oid in usage.EnhancedKeyUsages)
        {
            server |= oid.Value is ServerAuth or AnyUsage;
            client |= oid.Value is ClientAuth or AnyUsage;
        }

        return server && client;
    }
}
