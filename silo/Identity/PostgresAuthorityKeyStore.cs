using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Storage.Postgres;
using Npgsql;
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
    private const int MaxEscape = 6; // bytes of a character in JSON
    private const int Overhead = 1024;
    private const string Select = "SELECT sealed_with, material FROM mesh_authority WHERE id = 1";

    /// <summary>
    /// The fingerprint of the secret that a database's keys are sealed with; null before there are any, and for a role that
    /// may not see them.
    /// </summary>
    public static async Task<string?> ReadSealAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Command("SELECT sealed_with FROM mesh_authority WHERE id = 1");
        try
        {
            return await command.ExecuteScalarAsync(cancellationToken) as string;
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            return null;
        }
    }

    public Task<AuthorityKeys?> LoadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        (connection, token) => ReadAsync(connection, Select, token), cancellationToken);

    public async Task<AuthorityKeys> CreateAsync(AuthorityKeys keys, CancellationToken cancellationToken)
    {
        await database.ReadAsync(
            (connection, token) => SaveAsync(
                connection,
                "INSERT INTO mesh_authority(id, sealed_with, material) VALUES(1, $1, $2) ON CONFLICT DO NOTHING",
                keys,
                token),
            cancellationToken);
        return await LoadAsync(cancellationToken) ?? throw Removed();
    }

    // Whoever comes second waits for the first at the row, and then finds other keys than it holds. So does who comes again
    // because the answer was lost: it finds its own.
    public Task<AuthorityKeys> ReplaceAsync(
        AuthorityKeys held, AuthorityKeys next, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token);
            var stored = await ReadAsync(connection, Select + " FOR UPDATE", token) ?? throw Removed();
            if (stored != held) return stored;
            stored.Clear();
            await SaveAsync(
                connection, "UPDATE mesh_authority SET sealed_with = $1, material = $2 WHERE id = 1", next, token);
            await transaction.CommitAsync(token);
            return next;
        },
        cancellationToken);

    private async Task<AuthorityKeys?> ReadAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var rows = await connection.Command(sql)
            .QueryAsync(r => (Seal: r.GetString(0), Material: r.GetFieldValue<byte[]>(1)), cancellationToken);
        return rows is [var row] ? Open(row.Seal, row.Material) : null;
    }

    private async Task<int> SaveAsync(
        NpgsqlConnection connection, string sql, AuthorityKeys keys, CancellationToken cancellationToken)
    {
        await using var command = connection.Command(sql, Value(secret.Fingerprint), Value(Seal(keys)));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static FormatException Removed() => new("The authority's keys were created and removed again.");

    // One authority by itself is sealed as it always was. What former versions do not know is no list, and they say so.
    private byte[] Seal(AuthorityKeys keys)
    {
        using var text = AuthorityPem.Write(keys);
        // as large as it can get: one that grows leaves copies behind
        var buffer = new ArrayBufferWriter<byte>((MaxEscape * text.Length) + Overhead);
        using (var json = new Utf8JsonWriter(buffer))
        {
            if (keys is { Second: null, First: { Intermediates.Length: 0, Link.Length: 0 } one })
            {
                json.WriteStartArray();
                json.WriteStringValue(one.RootCertificate);
                json.WriteStringValue(one.RootKey.Span);
                json.WriteStringValue(one.SigningCertificate);
                json.WriteStringValue(one.SigningKey.Span);
                json.WriteEndArray();
            }
            else
            {
                json.WriteStringValue(text.Span);
            }
        }

        var plain = buffer.WrittenSpan;
        var sealedBytes = new byte[NonceLength + plain.Length + TagLength];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = Cipher();
        aes.Encrypt(
            nonce, plain, sealedBytes.AsSpan(NonceLength, plain.Length), sealedBytes.AsSpan(NonceLength + plain.Length));
        buffer.Clear(); // also what was written to it
        return sealedBytes;
    }

    private AuthorityKeys Open(string seal, byte[] material)
    {
        if (seal != secret.Fingerprint)
        {
            throw new FormatException(ClusterSecret.Mismatch(seal, secret.Fingerprint));
        }

        var plain = new byte[material.Length - NonceLength - TagLength];
        try
        {
            using var aes = Cipher();
            aes.Decrypt(
                material.AsSpan(0, NonceLength),
                material.AsSpan(NonceLength, plain.Length),
                material.AsSpan(NonceLength + plain.Length),
                plain);
            return Parse(plain) ?? throw new FormatException($"What is sealed in the database {AuthorityPem.Demand}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private AesGcm Cipher()
    {
        var key = secret.Derive("authority", 32);
        try
        {
            return new AesGcm(key, TagLength);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static AuthorityKeys? Parse(byte[] plain)
    {
        var json = new Utf8JsonReader(plain);
        var texts = new List<SecretText>();
        try
        {
            while (json.Read())
            {
                if (json.TokenType is JsonTokenType.String) texts.Add(TextOf(json));
            }

            return plain is [(byte)'[', ..] ? Listed(texts) : texts is [var text] ? AuthorityPem.Read(text.Span) : null;
        }
        finally
        {
            texts.ForEach(text => text.Dispose());
        }
    }

    private static AuthorityKeys? Listed(List<SecretText> texts) =>
        texts is [var root, var rootKey, var signer, var key]
        ? new AuthorityKeys(new AuthorityMaterial(
            root.Span.ToString(), SecretText.Of(rootKey.Span), signer.Span.ToString(), SecretText.Of(key.Span)))
        : null;

    private static SecretText TextOf(Utf8JsonReader json)
    {
        var buffer = new char[json.ValueSpan.Length]; // escaped it is longer, never shorter
        using var text = SecretText.Take(buffer);
        var length = json.CopyString(buffer);
        return SecretText.Of(text.Span[..length]);
    }
}
