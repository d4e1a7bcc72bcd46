using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// Keeps the authority's keys in one PEM file that only its owner may read (<see cref="AuthorityPem"/>). The file is always
/// whole: it is written aside, synced, and then put in place.
/// </summary>
/// <param name="path">The file; its directory is made when it is missing.</param>
internal sealed class FileAuthorityKeyStore(string path) : IAuthorityKeyStore
{
    public async Task<AuthorityKeys?> LoadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return null;
        PrivateFile.Restrict(path);
        using var text = SecretText.Decode(await File.ReadAllBytesAsync(path, cancellationToken));
        return AuthorityPem.Read(text.Span) ?? throw new FormatException($"{path} {AuthorityPem.Demand}.");
    }

    public async Task<AuthorityKeys> CreateAsync(AuthorityKeys keys, CancellationToken cancellationToken)
    {
        PrivateFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var text = AuthorityPem.Write(keys);
        return PrivateFile.TryCreate(path, text)
            ? keys
            : await LoadAsync(cancellationToken) ?? throw new IOException($"{path} was created and removed again.");
    }

    // The data directory is one process's, and in it the authority one activation's: nobody else writes.
    public async Task<AuthorityKeys> ReplaceAsync(
        AuthorityKeys held, AuthorityKeys next, CancellationToken cancellationToken)
    {
        if (await LoadAsync(cancellationToken) is { } stored)
        {
            if (stored != held) return stored;
            stored.Clear();
        }

        using var text = AuthorityPem.Write(next);
        PrivateFile.Write(path, text);
        return next;
    }
}
