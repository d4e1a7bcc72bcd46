using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>A private key that signs certificates, of whichever kind: EC or RSA.</summary>
internal sealed class IssuerKey : IDisposable
{
    private const int LargeCurve = 384; // bits from which on SHA-256 would be the weaker half

    private readonly AsymmetricAlgorithm _key;

    private IssuerKey(AsymmetricAlgorithm key)
    {
        _key = key;
        Generator = key is RSA rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
    }

    /// <summary>Signs.</summary>
    public X509SignatureGenerator Generator { get; }

    /// <summary>The hash that fits the key's strength.</summary>
    public HashAlgorithmName Hash =>
        _key is ECDsa { KeySize: >= LargeCurve } ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    /// <summary>A new key.</summary>
    public static IssuerKey New(AuthorityKeyType type) => new(type switch
    {
        AuthorityKeyType.P384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        AuthorityKeyType.Rsa2048 => RSA.Create(2048),
        AuthorityKeyType.Rsa4096 => RSA.Create(4096),
        _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
    });

    /// <summary>The key of a certificate.</summary>
    /// <exception cref="CryptographicException">The key does not belong to the certificate, or is of another kind.</exception>
    public static IssuerKey Of(string certificatePem, SecretText keyPem)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem.Span);
        AsymmetricAlgorithm? key = certificate.GetECDsaPrivateKey();
        return new IssuerKey(key ?? certificate.GetRSAPrivateKey()
            ?? throw new CryptographicException("The key of an authority must be EC or RSA."));
    }

    /// <summary>PKCS#8, PEM.</summary>
    public SecretText ToPem() => SecretText.OfKey(_key);

    public void Dispose() => _key.Dispose();

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => "IssuerKey { withheld }";
}
