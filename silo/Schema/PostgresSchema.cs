using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Npgsql;

namespace MeshOrleans.Silo.Schema;

/// <summary>
/// The tables of a cluster, as numbered scripts from one version to the next. A script that has shipped is never changed.
/// </summary>
/// <remarks>
/// The first line of a script may say <c>-- oldest-reader: N</c>: programs that know version N can go on beside the new one,
/// and a rolling upgrade can be rolled back across it. Without it older programs refuse the database.
/// </remarks>
public static class PostgresSchema
{
    private const long MigrationLock = 0x4D455348; // "MESH": held while somebody migrates
    private const string NoPrivilege = "42501";
    private const string NoTable = "42P01";
    private const string OldestReader = "-- oldest-reader:";

    private static readonly ImmutableArray<string> _scripts =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames().Order(StringComparer.Ordinal),
    ];

    /// <summary>The version that this program needs.</summary>
    public static int Version => _scripts.Length;

    /// <summary>Opens a connection for what is to be done once at start: it is in no pool and ends with its owner.</summary>
    /// <exception cref="SchemaException">The database does not answer.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch (NpgsqlException exception)
        {
            await connection.DisposeAsync();
            throw new SchemaException(
                $"PostgreSQL cannot be used ({exception.InnerException?.Message ?? exception.Message}); "
                + "check the address, the credentials and that it runs",
                mayPass: exception is not PostgresException { IsTransient: false },
                exception);
        }
    }

    /// <summary>
    /// The version that a database has; zero when it has none, and above <see cref="Version"/> when a newer program made it
    /// and this one may go on.
    /// </summary>
    public static async Task<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT max(version) FROM mesh_schema", connection);
            var version = await command.ExecuteScalarAsync(cancellationToken) is int held ? held : 0;
            if (version <= Version) return version;
            await using var oldest = new NpgsqlCommand(
                "SELECT max(coalesce(oldest_reader, version)) FROM mesh_schema", connection);
            return await oldest.ExecuteScalarAsync(cancellationToken) is int reader && reader <= Version
                ? version
                : throw new SchemaException(
                    $"the database was written by a newer version (schema {version}, this one knows {Version}); run that one");
        }
        catch (PostgresException exception) when (exception.SqlState == NoTable)
        {
            return 0;
        }
        catch (PostgresException exception) when (exception.SqlState == NoPrivilege)
        {
            throw new SchemaException(
                "the role may not read which tables there are; as their owner run: "
                + $"GRANT SELECT ON mesh_schema TO {await ReadRoleAsync(connection)};",
                innerException: exception);
        }
    }

    /// <summary>
    /// Brings a database up to date; of several that begin at once one works and the others wait for it. Asks for no
    /// right to create tables when there is nothing to do.
    /// </summary>
    /// <returns>The version it had before.</returns>
    /// <exception cref="SchemaException">It is newer than this program, or the role may not create tables.</exception>
    public static async Task<int> MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var before = await ReadVersionAsync(connection, cancellationToken);
        if (before >= Version) return before;
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            // whoever held the lock may have done the work
            var version = await ReadVersionAsync(connection, cancellationToken);
            if (version < Version) await ApplyAsync(connection, version, cancellationToken);
            return before;
        }
        catch (PostgresException exception) when (exception.SqlState == NoPrivilege)
        {
            throw new SchemaException(
                $"the role may not create tables ({exception.MessageText}); run 'meshctl db migrate --store URL' once "
                + $"with a role that may, and as that one: {PostgresRights.GrantTo(await ReadRoleAsync(connection))}",
                innerException: exception);
        }
        finally
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
        }
    }

    /// <summary>Makes sure that a database is as this program needs it, without changing anything.</summary>
    /// <exception cref="SchemaException">It is not.</exception>
    public static async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var version = await ReadVersionAsync(connection, cancellationToken);
        if (version < Version)
        {
            throw new SchemaException(
                $"the database has schema {version} and this program needs {Version}; run 'meshctl db migrate --store URL'",
                mayPass: true);
        }
    }

    /// <summary>The text of every script, in order.</summary>
    internal static IEnumerable<string> ReadScripts() => _scripts.Select(ReadScript);

    private static async Task<string> ReadRoleAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT quote_ident(current_user)", connection);
        return (string)(await command.ExecuteScalarAsync(CancellationToken.None))!;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, int from, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS mesh_schema(version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
            cancellationToken);
        await ExecuteAsync(
            connection, "ALTER TABLE mesh_schema ADD COLUMN IF NOT EXISTS oldest_reader integer", cancellationToken);
        for (var next = from; next < Version; next++)
        {
            var script = ReadScript(_scripts[next]);
            await ExecuteAsync(connection, script, cancellationToken);
            await ExecuteAsync(
                connection,
                $"INSERT INTO mesh_schema(version, oldest_reader) VALUES({next + 1}, {OldestReaderOf(script, next + 1)})",
                cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static int OldestReaderOf(string script, int version) => script.StartsWith(OldestReader, StringComparison.Ordinal)
        ? int.Parse(script.AsSpan(OldestReader.Length, script.IndexOf('\n') - OldestReader.Length), CultureInfo.InvariantCulture)
        : version;

    private static string ReadScript(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
