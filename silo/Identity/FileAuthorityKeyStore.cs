using System.Security.Cryptography;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// Keeps the authority's keys in one PEM file (root certificate, root key, signing certificate, signing key) that only
/// its owner may read. The file is always whole: it is written aside, synced, and then put in place.
/// </summary>
/// <param name="path">The file; its directory is made when it is missing.</param>
internal sealed class FileAuthorityKeyStore(string path) : IAuthorityKeyStore
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Certificate = "CERTIFICATE";
    private const string PrivateKey = "PRIVATE KEY";

    private static readonly string[] _order = [Certificate, PrivateKey, Certificate, PrivateKey];

    public async Task<AuthorityMaterial?> LoadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return null;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly); // a copied file may be readable by all
        return Parse(await File.ReadAllTextAsync(path, cancellationToken));
    }

    public async Task<AuthorityMaterial> CreateAsync(AuthorityMaterial material, CancellationToken cancellationToken)
    {
        var draft = await WriteDraftAsync(material, cancellationToken);
        try
        {
            File.Move(draft, path, overwrite: false);
            return material;
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
            return await LoadAsync(cancellationToken) ?? throw new IOException($"{path} was created and removed again.");
        }
    }

    public async Task ReplaceSignerAsync(AuthorityMaterial material, CancellationToken cancellationToken) =>
        File.Move(await WriteDraftAsync(material, cancellationToken), path, overwrite: true);

    private async Task<string> WriteDraftAsync(AuthorityMaterial material, CancellationToken cancellationToken)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        var draft = $"{path}.{Guid.NewGuid():N}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        await using var stream = new FileStream(draft, options);
        await using var writer = new StreamWriter(stream);
        string[] parts = [material.RootCertificate, material.RootKey, material.SigningCertificate, material.SigningKey];
        foreach (var part in parts) await writer.WriteLineAsync(part.Trim().AsMemory(), cancellationToken);
        await writer.FlushAsync(cancellationToken);
        stream.Flush(flushToDisk: true);
        return draft;
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
