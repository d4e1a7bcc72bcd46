using System.Security.Cryptography;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// Keeps the authority's keys in one PEM file (root certificate, root key, signing certificate, signing key) that only
/// its owner may read. The file is always whole: it is written aside, synced, and then put in place.
/// </summary>
/// <param name="path">The file; its directory is made when it is missing.</param>
internal sealed class FileAuthorityKeyStore(string path) : IAuthorityKeyStore
{
    private const string Certificate = "CERTIFICATE";
    private const string PrivateKey = "PRIVATE KEY";

    private static readonly string[] _order = [Certificate, PrivateKey, Certificate, PrivateKey];

    public async Task<AuthorityMaterial?> LoadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return null;
        PrivateFile.Restrict(path);
        return Parse(await File.ReadAllTextAsync(path, cancellationToken));
    }

    public async Task<AuthorityMaterial> CreateAsync(AuthorityMaterial material, CancellationToken cancellationToken)
    {
        PrivateFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return PrivateFile.TryCreate(path, Write(material))
            ? material
            : await LoadAsync(cancellationToken) ?? throw new IOException($"{path} was created and removed again.");
    }

    // The data directory is one process's, and in it the authority one activation's: nobody else writes.
    public async Task<AuthorityMaterial> ReplaceSignerAsync(
        AuthorityMaterial held, AuthorityMaterial next, CancellationToken cancellationToken)
    {
        if (await LoadAsync(cancellationToken) is { } stored && stored != held) return stored;
        PrivateFile.Write(path, Write(next));
        return next;
    }

    private static string Write(AuthorityMaterial material)
    {
        string[] parts = [material.RootCertificate, material.RootKey, material.SigningCertificate, material.SigningKey];
        return string.Concat(parts.Select(part => part.Trim() + Environment.NewLine));
    }

    private AuthorityMaterial Parse(string text)
    {
        var parts = new List<string>();
        var rest = text.AsSpan();
        while (parts.Count < _order.Length && PemEncoding.TryFind(rest, out var fields))
        {
            if (!rest[fields.Label].SequenceEqual(_order[parts.Count])) break;
            parts.Add(rest[fields.Location].ToString());
            rest = rest[fields.Location.End..];
        }

        return parts.Count == _order.Length && rest.IsWhiteSpace()
            ? new AuthorityMaterial(parts[0], parts[1], parts[2], parts[3])
            : throw new FormatException(
                $"{path} is not a root certificate, its key, a signing certificate and its key, in this order.");
    }
}
