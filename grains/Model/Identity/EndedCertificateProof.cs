using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// How the holder of a certificate that has ended proves to hold its key: the handshake refuses such certificates, so
/// the key signs the request for the next one instead. The same for whoever proves it and whoever looks.
/// </summary>
/// <remarks>
/// What is signed is <see cref="Context"/> and then the CSR, DER, with SHA-256: by ECDSA (RFC 3279 form) or RSA (PKCS
/// #1 v1.5), as
/// <c>openssl dgst -sha256 -sign</c> does. Whoever repeats it gets a certificate for the key of that very CSR, which
/// only its sender has. The context is neither the beginning of a CSR nor of what TLS has a key sign, so that no other
/// signature passes for one.
/// </remarks>
public static class EndedCertificateProof
{
    /// <summary>What precedes the CSR, ASCII.</summary>
    public const string Context = "mesh-ended-certificate-v1\n";

    /// <summary>
    /// The metadata of CreateCertificate (gRPC) that has the chain, PEM, the certificate that has ended first.
    /// </summary>
    public const string ChainField = "MESH_ENDED_CHAIN";

    /// <summary>The metadata of CreateCertificate (gRPC) that has the signature, base64.</summary>
    public const string SignatureField = "MESH_ENDED_SIGNATURE";

    /// <summary>For how long after its end a certificate may be told to be good for this, at the most.</summary>
    /// <value>7 days: what is known of certificates that have ended is kept for so long.</value>
    public static readonly TimeSpan LongestGrace = TimeSpan.FromDays(7);

    /// <summary>The longest chain, in characters of PEM.</summary>
    public const int MaxChain = 64 * 1024;

    /// <summary>The longest signature, in bytes: of RSA with 4096 bits.</summary>
    public const int MaxSignature = 512;

    /// <summary>Signs a request for another certificate.</summary>
    /// <param name="key">The key of the certificate that has ended.</param>
    /// <param name="csr">PKCS#10, DER.</param>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> csr) =>
        key.SignData(Message(csr), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>
    /// Whether the key of a certificate has signed a request. Never throws: everything here comes from outside.
    /// </summary>
    /// <param name="certificate">The certificate; whether it is worth anything is another question.</param>
    /// <param name="csr">PKCS#10, DER.</param>
    /// <param name="signature">What is presented as the signature.</param>
    public static bool IsSigned(X509Certificate2 certificate, ReadOnlySpan<byte> csr, ReadOnlySpan<byte> signature)
    {
        if (signature.Length is 0 or > MaxSignature) return false;
        try
        {
            using var ecdsa = certificate.GetECDsaPublicKey();
            if (ecdsa is not null)
            {
                return ecdsa.VerifyData(
                    Message(csr), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            }

            using var rsa = certificate.GetRSAPublicKey();
            return rsa?.VerifyData(Message(csr), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) is true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Reads a chain, leaf first, without throwing; see <see cref="PemChain.Read"/>.</summary>
    public static X509Certificate2Collection? ReadChain(ReadOnlySpan<char> pem) => PemChain.Read(pem, MaxChain);

    private static byte[] Message(ReadOnlySpan<byte> csr)
    {
        var message = new byte[Context.Length + csr.Length];
        Encoding.ASCII.GetBytes(Context, message);
        csr.CopyTo(message.AsSpan(Context.Length));
        return message;
    }
}
