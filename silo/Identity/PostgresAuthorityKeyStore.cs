using System.Security.Cryptography;
using System.Text.Json;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Silo.Storage.Postgres;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// Keeps the authority's keys in the cluster's database, where every silo finds them, sealed (AES-256-GCM) with a key that
/// comes from the cluster's secret: who reads the database alone can sign nothing.
/// </summary>
internal sealed class PostgresAuthorityKeyStore(PostgresDatabase database, ClusterSecret secret) : IAuthorityKeyStore
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    public Task<AuthorityMaterial?> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var rows = await connection.Command("SELECT sealed_with, material FROM mesh_authority WHERE id = 1")
                .QueryAsync(r => (Seal: r.GetString(0), Material: r.GetFieldValue<byte[]>(1)), token);
            return rows is [var row] ? Open(row.Seal, row.Material) : null;
        },
        cancellationToken);

    public async Task<AuthorityMaterial> CreateAsync(AuthorityMaterial material, CancellationToken cancellationToken)
    {
        await SaveAsync(
            "INSERT INTO mesh_authority(id, sealed_with, material) VALUES(1, $1, $2) ON CONFLICT DO NOTHING",
            material,
            cancellationToken);
        return await LoadAsync(cancellationToken)
            ?? throw new FormatException("The authority's keys were created and removed again.");
    }

    public Task ReplaceSignerAsync(AuthorityMaterial material, CancellationToken cancellationToken) =>
        SaveAsync("UPDATE mesh_authority SET sealed_with = $1, material = $2 WHERE id = 1", material, cancellationToken);

    private Task<int> SaveAsync(string sql, AuthorityMaterial material, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = connection.Command(sql, Value(secret.Fingerprint), Value(Seal(material)));
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);

    private byte[] Seal(AuthorityMaterial material)
    {
        string[] parts = [material.RootCertificate, material.RootKey, material.SigningCertificate, material.SigningKey];
        var plain = JsonSerializer.SerializeToUtf8Bytes(parts);
        var sealedBytes = new byte[NonceLength + plain.Length + TagLength];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(secret.Derive("authority", 32), TagLength);
        aes.Encrypt(
            nonce, plain, sealedBytes.AsSpan(NonceLength, plain.Length), sealedBytes.AsSpan(NonceLength + plain.Length));
        CryptographicOperations.ZeroMemory(plain);
        return sealedBytes;
    }

    private AuthorityMaterial Open(string seal, byte[] material)
    {
        if (seal != secret.Fingerprint)
        {
            throw new FormatException(
                $"The authority's keys in the database are sealed with the {ClusterSecret.FileName} {seal}, and this "
                + $"process has {secret.Fingerprint}; copy the file from a process that belongs to the cluster");
        }

        var plain = new byte[material.Length - NonceLength - TagLength];
        using var aes = new AesGcm(secret.Derive("authority", 32), TagLength);
        aes.Decrypt(
            material.AsSpan(0, NonceLength),
            material.AsSpan(NonceLength, plain.Length),
            material.AsSpan(NonceLength + plain.Length),
            plain);
        var parts = JsonSerializer.Deserialize<string[]>(plain)!;
        CryptographicOperations.ZeroMemory(plain);
        return new AuthorityMaterial(parts[0], parts[1], parts[2], parts[3]);
    }
}
