using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Testing;

/// <summary>One key of an issuer that changes its keys.</summary>
/// <param name="id">Its name (<c>kid</c>); null for none.</param>
public sealed class SigningKey(string? id = null)
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A set of these keys as JSON text, the public numbers only.</summary>
    public static string Set(params SigningKey[] keys) =>
        $$"""{"keys":[{{string.Join(',', keys.Select(key => key.Json(withSecret: false)))}}]}""";

    /// <summary>The key as JSON text.</summary>
    public string Json(bool withSecret)
    {
        var numbers = _key.ExportParameters(withSecret);
        var name = id is null ? "" : $"\"kid\":\"{id}\",";
        var secret = withSecret ? $",\"d\":\"{TestIssuer.Text(numbers.D!)}\"" : "";
        return $$"""{"kty":"EC",{{name}}"crv":"P-256","x":"{{TestIssuer.Text(numbers.Q.X!)}}","y":"{{TestIssuer.Text(numbers.Q.Y!)}}"{{secret}}}""";
    }

    /// <summary>A token by this key.</summary>
    /// <param name="claims">What it says.</param>
    /// <param name="header">Its header; one that names this key when null.</param>
    public string Sign(string claims, string? header = null)
    {
        var text = $"{TestIssuer.Text(header ?? $$"""{"alg":"ES256","kid":"{{id}}"}""")}.{TestIssuer.Text(claims)}";
        return $"{text}.{TestIssuer.Text(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }
}
