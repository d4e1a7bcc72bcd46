using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Npgsql;

namespace MeshOrleans.Silo.Schema;

/// <summary>
/// What the role of a process must be allowed to do in the cluster's database. It is known from the scripts, so it cannot
/// fall behind them; a table that only a newer program knows is not asked about.
/// </summary>
public static partial class PostgresRights
{
    private const string Change = "SELECT, INSERT, UPDATE, DELETE";
    private const string Select = "SELECT";
    private const string Table = "TABLE";

    private static readonly ImmutableArray<string> _readOnly = ["mesh_schema", "orleansquery"];

    private static readonly ImmutableArray<Right> _ofSilo =
    [
        new(Table, "mesh_schema", Select),
        .. PostgresSchema.ReadScripts().SelectMany(script => Creation().Matches(script)).Select(match => RightOn(
            match.Groups["kind"].Value, match.Groups["name"].Value)),
    ];

    // It only looks for silos.
    private static readonly ImmutableArray<Right> _ofGateway =
    [
        new(Table, "mesh_schema", Select),
        new(Table, "orleansquery", Select),
        new(Table, "orleansmembershiptable", Select),
    ];

    // Names are looked up as the role itself would; the owner, who grants, may have another search path.
    private const string Missing =
        """
        WITH asked AS (
            SELECT * FROM unnest($1, $2, $3) AS a(kind, name, privileges)),
        found AS (
            SELECT a.kind, a.privileges, c.oid, format('%I.%I', n.nspname, c.relname) AS name
            FROM asked a JOIN pg_class c ON c.oid = to_regclass(a.name) JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.kind <> 'FUNCTION'
            UNION ALL
            SELECT a.kind, a.privileges, p.oid, format('%I.%I', n.nspname, p.proname)
            FROM asked a JOIN pg_proc p ON p.proname = a.name AND pg_function_is_visible(p.oid)
                JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE a.kind = 'FUNCTION'),
        missing AS (
            SELECT kind, name, (
                SELECT string_agg(p.one, ', ' ORDER BY p.place)
                FROM unnest(string_to_array(privileges, ', ')) WITH ORDINALITY AS p(one, place)
                WHERE NOT CASE kind
                    WHEN 'TABLE' THEN has_table_privilege(oid, p.one)
                    WHEN 'SEQUENCE' THEN has_sequence_privilege(oid, p.one)
                    ELSE has_function_privilege(oid, p.one) END) AS privileges
            FROM found)
        SELECT format('GRANT %s ON %s %s TO %I;', privileges, kind, string_agg(name, ', ' ORDER BY name), current_user)
        FROM missing WHERE privileges IS NOT NULL GROUP BY kind, privileges ORDER BY kind DESC, privileges DESC
        """;

    /// <summary>The statements that give a role all that a silo needs, in one line.</summary>
    /// <param name="role">Its name, quoted where it must be.</param>
    public static string GrantTo(string role) => string.Join(' ', _ofSilo
        .GroupBy(right => (right.Kind, right.Privileges), right => right.Name)
        .Select(group => $"GRANT {group.Key.Privileges} ON {group.Key.Kind} {string.Join(", ", group)} TO {role};"));

    /// <summary>Makes sure that the role may do what its process must, as far as the tables are there.</summary>
    /// <param name="connection">The database, as the role reaches it.</param>
    /// <param name="isGateway">Whether the process only looks for silos.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SchemaException">It may not; the message holds the statements that help.</exception>
    public static async Task CheckAsync(NpgsqlConnection connection, bool isGateway, CancellationToken cancellationToken)
    {
        var missing = await ReadMissingAsync(connection, isGateway ? _ofGateway : _ofSilo, cancellationToken);
        if (missing.Count > 0)
        {
            throw new SchemaException(
                $"the role may not do all that it must; as the owner of the tables run: {string.Join(' ', missing)}");
        }
    }

    private static async Task<List<string>> ReadMissingAsync(
        NpgsqlConnection connection, ImmutableArray<Right> rights, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Missing, connection);
        foreach (var column in (Func<Right, string>[])[r => r.Kind, r => r.Name, r => r.Privileges])
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rights.Select(column)] });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var statements = new List<string>();
        while (await reader.ReadAsync(cancellationToken)) statements.Add(reader.GetString(0));
        return statements;
    }

    private static Right RightOn(string kind, string name) => new(kind, name, kind switch
    {
        "SEQUENCE" => "USAGE",
        "FUNCTION" => "EXECUTE",
        _ => _readOnly.Contains(name) ? Select : Change,
    });

    [GeneratedRegex(@"^CREATE (?<kind>TABLE|SEQUENCE|FUNCTION) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex Creation();

    private sealed record Right(string Kind, string Name, string Privileges);
}
