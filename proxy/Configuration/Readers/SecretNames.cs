using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The two secrets of a sidecar, as Istio names them, and those that are credentials of its machine.</summary>
internal static class SecretNames
{
    /// <summary>The own certificate.</summary>
    public const string Certificate = "default";

    /// <summary>The roots of all trust domains.</summary>
    public const string Roots = "ROOTCA";

    private const string Scheme = "kubernetes://";

    /// <summary>The credential that a secret is.</summary>
    public static string CredentialOf(SdsSecretConfig secret, FieldPath at) =>
        secret.Name.StartsWith(Scheme, StringComparison.Ordinal) && secret.Name.Length > Scheme.Length
            ? secret.Name[Scheme.Length..]
            : throw new UnusableResourceException(at, $"'{secret.Name}' is neither '{Scheme}NAME' nor the mesh's own");
}
