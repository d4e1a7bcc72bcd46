using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MeshOrleans.Grains.Tests.Identity;

/// <summary>CSRs, good and bad.</summary>
internal static class CsrSamples
{
    /// <summary>Ed25519, as openssl makes it; the platform itself cannot.</summary>
    public const string Ed25519 =
        "MIGLMD8CAQAwDDEKMAgGA1UEAwwBeDAqMAUGAytlcAMhAJRV8+Ms7nlywG+ctvv3awowHjvwStIL700ynqdvG+NFoAAwBQYDK2Vw"
        + "A0EAZ578RXSe7ZXOfHCo1MFFi5hs/Q9T24FnATvQwVYIzqWOgkRut0iyqAl6oGuHM7nRLLRLAHGQ4U61gFHE98A6Aw==";

    /// <summary>Ed448, as openssl makes it.</summary>
    public const string Ed448 =
        "MIHWMFgCAQAwDDEKMAgGA1UEAwwBeDBDMAUGAytlcQM6ALp8JCkrGpcyIE6rFROXwIMW64YlCljZx2UpIfYzt6FvqU3Dz1ejewFi"
        + "uavpD8H8+rmpseHz2qTLAKAAMAUGAytlcQNzAP/U+MC8Nij49SLoCayW80Q3EvtfbDDw3y2SAuwteaHNJYcPFSCKmYsPlKGLmHyV"
        + "ufYRfAxCNbCrgDWwMLuMcdj6r8DbSdHASRFjRDvkIsZWniYRaVfKVTqJQuLuNKk90DnfVDPAXei53m9CYj2w6uILAA==";

    /// <summary>P-256 with the curve spelled out instead of named, as openssl makes it.</summary>
    public const string ExplicitP256 =
        "MIIBvDCCAWICAQAwDDEKMAgGA1UEAwwBeDCCAUswggEDBgcqhkjOPQIBMIH3AgEBMCwGByqGSM49AQECIQD/////AAAAAQAAAAAA"
        + "AAAAAAAAAP///////////////zBbBCD/////AAAAAQAAAAAAAAAAAAAAAP///////////////AQgWsY12Ko6k+ez671VdpiGvGUd"
        + "BrDMU7D2O848PifSYEsDFQDEnTYIhucEk2pmeOETnSa3gZ9+kARBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC"
        + "4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfUCIQD/////AAAAAP//////////vOb6racXnoTzucrC/GMlUQIBAQNCAATx18iQ"
        + "cz50baKVREGvik4N2dbn+LJzVDT58kpFnOreHELO5E6dWdAePuqSlVDL1Oa16M9+bFaJ9IZ1TEvluWEBoAAwCgYIKoZIzj0EAwID"
        + "SAAwRQIhAMVjhOf366L0sMb4oXhaQ1Z5/Wc/tNxa+CCq1gZIFJ3YAiBrEkB89qhTD/CXEdQLYYaN7qyXy/paU3eb3LU3HDd0Cg==";

    /// <summary>RSA with the public exponent 3, as openssl makes it where it is told to.</summary>
    public const string SmallExponent =
        "MIICTzCCATcCAQAwDDEKMAgGA1UEAwwBeDCCASAwDQYJKoZIhvcNAQEBBQADggENADCCAQgCggEBAK/AiJIy7MWh+qm380q6rz24KH8L"
        + "zaE7jwWqzdPB4k5S9cMDcjo6v2n4Gli5870V7Vkwt81wm6NhTuv6Oz3nkiXbHPFkbvSdGn7RKSgW8OwlBNDmR1YK8AXhHcadz8OI3qrJ"
        + "8e6l/b0TLp2JXORBrcOQ65hNa2aVLIYj/akoAxNCERUlwMPZl97hNNdg/e+hKMewMGTl9/mVM5ynF5N9q/IzkysOicvIHi+W2B1MUDdO"
        + "0PgCM50oVhBI1se+SSQGyEI16hB5sHrlmrQfqOJuOOxv876chjRWwA3qBqC8C3G3hew+zeZPYK//HNtid5hvLGskJOsvtgHPJQ+hYlDi"
        + "zMsCAQOgADANBgkqhkiG9w0BAQsFAAOCAQEAT9iNCFjq4ffvc2kor/oF52F+k32i1p86xZRAMFV0eI4cI4X2WbZILCBZbOFlS5Ja+Blh"
        + "obONiH560PP+dGpvSXjKm5JQLllk9Rr8koEJnKWvmu5ZTTo+gCAZnLQG0+b7wi+cEHzyN8XuU6eTx7Zz9+C6d96fw3ucIIo/l3/jZ3fe"
        + "jbg5eyxyXd/C5a3jhDmfw4CsFOzLXkIEPfzBP+SOzlhFMFzmJl7DwTBcyW7i08kFzQnbOFLZsjQTLex6XwQblMaLlPAt1F2AAWnWrM/4"
        + "893Og1Q3x17N4cXSzfq7WU52CzYblBtZuboxxtYja63PFu/4lipR6HP0vMLe7sjMcg==";

    public static byte[] P256() => Of(ECCurve.NamedCurves.nistP256);

    public static byte[] Of(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return Of(key);
    }

    public static byte[] Of(ECDsa key, params X509Extension[] claims)
    {
        var request = new CertificateRequest("CN=whoever", key, HashAlgorithmName.SHA256);
        foreach (var claim in claims) request.CertificateExtensions.Add(claim);
        return request.CreateSigningRequest();
    }

    public static byte[] Rsa(int bits)
    {
        using var key = RSA.Create(bits);
        return new CertificateRequest("CN=whoever", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
    }

    /// <summary>The key of one pair with the signature of another.</summary>
    public static byte[] WithoutProofOfPossession()
    {
        using var claimed = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var held = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName("CN=thief"), new PublicKey(claimed), HashAlgorithmName.SHA256);
        return request.CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(held));
    }
}
