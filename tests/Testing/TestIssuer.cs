using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Testing;

/// <summary>An issuer with an RSA key and one on each curve, and the tokens it signs.</summary>
public static class TestIssuer
{
    public const string Name = "https://issuer.example";

    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly ECDsa P256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa P384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private static readonly ECDsa P521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);

    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public static string Claims { get; } =
        $$"""{"iss":"{{Name}}","sub":"alice","aud":"shop","exp":{{Now.ToUnixTimeSeconds() + 300}}}""";

    public static string KeySet { get; } =
        $$"""{"keys":[{{RsaKey("r")}},{{Point("P-256", P256)}},{{Point("P-384", P384)}},{{Point("P-521", P521)}}]}""";

    public static string RsaKey(string? id = null, string more = "")
    {
        var key = Rsa.ExportParameters(includePrivateParameters: false);
        var kid = id is null ? "" : $"\"kid\":\"{id}\",";
        return $$"""{"kty":"RSA",{{kid}}{{more}}"n":"{{Text(key.Modulus!)}}","e":"{{Text(key.Exponent!)}}"}""";
    }

    public static string Sign(string algorithm, string? claims = null, string? header = null)
    {
        var text = $"{Text(header ?? $$"""{"alg":"{{algorithm}}"}""")}.{Text(claims ?? Claims)}";
        return $"{text}.{Text(Signature(algorithm, Encoding.ASCII.GetBytes(text)))}";
    }

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public static string Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    private static byte[] Signature(string algorithm, byte[] data)
    {
        var hash = new HashAlgorithmName("SHA" + algorithm[2..]);
        return algorithm switch
        {
            "ES256" => P256.SignData(data, hash),
            "ES384" => P384.SignData(data, hash),
            "ES512" => P521.SignData(data, hash),
            _ when algorithm[0] == 'P' => Rsa.SignData(data, hash, RSASignaturePadding.Pss),
            _ => Rsa.SignData(data, hash, RSASignaturePadding.Pkcs1),
        };
    }

    private static string Point(string curve, ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return $$"""{"kty":"EC","crv":"{{curve}}","x":"{{Text(point.X!)}}","y":"{{Text(point.Y!)}}"}""";
    }
}
