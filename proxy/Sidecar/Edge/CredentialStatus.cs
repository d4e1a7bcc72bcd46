namespace MeshOrleans.Proxy.Sidecar.Edge;

/// <summary>What is known of one credential that listeners ask for.</summary>
/// <param name="Name">The credential or the file.</param>
/// <param name="Serial">The serial number of the certificate in use; empty for roots, and when there is none.</param>
/// <param name="NotAfter">When what is in use ends; null when there is nothing.</param>
/// <param name="Problem">Why what is there now is not used, in words; empty when it is.</param>
internal sealed record CredentialStatus(string Name, string Serial, DateTimeOffset? NotAfter, string Problem)
{
    /// <summary>The same for people.</summary>
    public override string ToString() => NotAfter is null
        ? $"credential '{Name}' is missing: {Problem}"
        : $"credential '{Name}' is not renewed: {Problem}";
}
