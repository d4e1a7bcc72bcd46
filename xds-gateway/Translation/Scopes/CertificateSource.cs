namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Where a stock Envoy has what it shows and what it checks others by; paths of its own machine.</summary>
public abstract record CertificateSource;

/// <summary>PEM files that it reads when it loads what names them.</summary>
/// <param name="Chain">Its certificate chain.</param>
/// <param name="Key">The private key, which never leaves the machine.</param>
/// <param name="Roots">The roots by which it checks its peers.</param>
public sealed record CertificateFiles(string Chain, string Key, string Roots) : CertificateSource;

/// <summary>Files that hold secrets in Envoy's own form: it follows the PEM files that those name.</summary>
/// <param name="Certificate">Holds the secret <c>default</c>: chain and key.</param>
/// <param name="Roots">Holds the secret <c>ROOTCA</c>.</param>
public sealed record SecretFiles(string Certificate, string Roots) : CertificateSource;
