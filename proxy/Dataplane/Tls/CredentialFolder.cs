namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Where the credentials that configuration names are on this machine.</summary>
/// <remarks>
/// A credential is a folder: <c>tls.crt</c> with the chain, <c>tls.key</c>, and <c>ca.crt</c> with the peers' roots.
/// The roots of <c>NAME-cacert</c> are those of <c>NAME</c> where it has no folder of its own, as in Istio.
/// </remarks>
/// <param name="directory">The folder of folders; empty when the operator named no place.</param>
internal sealed class CredentialFolder(string directory)
{
    private const int LongestName = 253;
    private const string RootsSuffix = "-cacert";

    /// <summary>The file of a credential's chain.</summary>
    /// <exception cref="CredentialException">There can be none.</exception>
    public string ChainOf(string credential) => Path.Combine(FolderOf(credential), "tls.crt");

    /// <summary>The file of its private key.</summary>
    /// <exception cref="CredentialException">There can be none.</exception>
    public string KeyOf(string credential) => Path.Combine(FolderOf(credential), "tls.key");

    /// <summary>The file of its roots.</summary>
    /// <exception cref="CredentialException">There can be none.</exception>
    public string RootsOf(string credential)
    {
        var folder = FolderOf(credential);
        if (!Directory.Exists(folder) && credential.EndsWith(RootsSuffix, StringComparison.Ordinal))
        {
            folder = FolderOf(credential[..^RootsSuffix.Length]);
        }

        return Path.Combine(folder, "ca.crt");
    }

    // Names come from configuration: they must not lead out of the folder.
    private string FolderOf(string name)
    {
        if (directory.Length == 0) throw new CredentialException("no --credentials-dir is given");
        var isName = name.Length is > 0 and <= LongestName
            && name[0] != '.'
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
        return isName ? Path.Combine(directory, name) : throw new CredentialException("it is not the name of a folder");
    }
}
