using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>A fresh P-256 key and the request for its certificate. The key never leaves the process unsigned.</summary>
internal sealed class StagedKey : IDisposable
{
    private StagedKey(ECDsa key, byte[] request)
    {
        Key = key;
        Request = request;
        PublicKey = key.ExportSubjectPublicKeyInfo();
    }

    public ECDsa Key { get; }

    /// <summary>The PKCS#10 request, DER.</summary>
    public byte[] Request { get; }

    /// <summary>The SubjectPublicKeyInfo by which the answer is recognised.</summary>
    public byte[] PublicKey { get; }

    public string RequestPem => PemEncoding.WriteString("CERTIFICATE REQUEST", Request);

    /// <summary>
    /// A new key. What the request claims is a courtesy: the authority signs the caller's identity, not the
    /// text.
    /// </summary>
    public static StagedKey Create(SpiffeId? id)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        if (id is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(id.ToString()));
            request.CertificateExtensions.Add(names.Build(critical: true));
        }

        return new StagedKey(key, request.CreateSigningRequest());
    }

    public void Dispose() => Key.Dispose();

    public override string ToString() => "StagedKey";
}
