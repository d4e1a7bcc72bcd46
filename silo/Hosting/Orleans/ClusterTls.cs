using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Silo.Identity;
using Orleans.Connections.Security;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// Mutual TLS between the processes of a cluster. All of them derive one key pair from the cluster's secret, and believe
/// nothing but that very key: who does not hold the secret can call no grain.
/// </summary>
internal static class ClusterTls
{
    private const string HostName = "mesh-cluster";

    /// <summary>A certificate of this process's own for the cluster's key; nobody looks at more than the key.</summary>
    public static X509Certificate2 CreateCertificate(ClusterSecret secret, TimeProvider clock)
    {
        using var key = DeriveKey(secret);
        var request = new CertificateRequest($"CN={HostName}", key, HashAlgorithmName.SHA256);
        var now = clock.GetUtcNow();
        using var signed = request.CreateSelfSigned(now.AddYears(-10), now.AddYears(50)); // clocks may differ
        var bag = signed.Export(X509ContentType.Pkcs12);
        try
        {
            return X509CertificateLoader.LoadPkcs12(bag, password: null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bag);
        }
    }

    /// <summary>What both ends of a connection demand.</summary>
    public static void Configure(TlsOptions options, X509Certificate2 certificate)
    {
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.SslProtocols = SslProtocols.Tls13;
        options.CheckCertificateRevocation = false;
        options.RemoteCertificateValidation = (remote, _, _) => HasSameKey(remote, certificate);
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = HostName;
    }

    private static bool HasSameKey(X509Certificate2? remote, X509Certificate2 own) =>
        remote is not null && CryptographicOperations.FixedTimeEquals(
            remote.PublicKey.ExportSubjectPublicKeyInfo(), own.PublicKey.ExportSubjectPublicKeyInfo());

    // The scalar is taken from more bits than the order has and reduced, so that its bias cannot be noticed
    // (FIPS 186-5, A.2.1).
    private static ECDsa DeriveKey(ClusterSecret secret)
    {
        var derived = secret.Derive("cluster tls", 48);
        var wide = new System.Numerics.BigInteger(derived, isUnsigned: true, isBigEndian: true);
        var order = System.Numerics.BigInteger.Parse(
            "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
            System.Globalization.NumberStyles.HexNumber,
            System.Globalization.CultureInfo.InvariantCulture);
        var scalar = (wide % (order - 1)) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        var d = new byte[32];
        bytes.CopyTo(d, d.Length - bytes.Length);
        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
        }
        finally
        {
            foreach (var secretBytes in (byte[][])[d, bytes, derived]) CryptographicOperations.ZeroMemory(secretBytes);
        }
    }
}
