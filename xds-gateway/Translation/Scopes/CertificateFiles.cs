namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Where a stock Envoy has the certificate, key and roots of one end of its connections; paths of its own machine.</summary>
/// <param name="Chain">Its certificate chain.</param>
/// <param name="Key">The private key, which never leaves the machine.</param>
/// <param name="Roots">The roots by which it checks its peers.</param>
public sealed record CertificateFiles(string Chain, string Key, string Roots);
