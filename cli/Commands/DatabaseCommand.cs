using System.CommandLine;
using MeshOrleans.Silo.Schema;

namespace MeshOrleans.Cli.Commands;

/// <summary>
/// <c>meshctl db</c>: the tables of a cluster's PostgreSQL, for those whose silos may not create tables themselves. It
/// talks to the database, not to the control plane.
/// </summary>
internal static class DatabaseCommand
{
    public static Command Create(CommandScope scope) => new CliCommand(
        "db",
        "Prepare the PostgreSQL database of a cluster of silos.",
        "db migrate --store postgres://owner:secret@db.example/mesh")
    {
        CreateMigrate(scope),
    };

    private static CliCommand CreateMigrate(CommandScope scope)
    {
        var store = CommonOptions.Text("--store", "URL", "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with a role that "
            + "may create tables");
        store.Required = true;
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what would be done" };
        var command = new CliCommand(
            "migrate",
            "Bring the tables up to date. Safe to repeat, and while silos run.",
            "db migrate --store postgres://owner:secret@db.example/mesh",
            "db migrate --store postgres://owner:secret@db.example/mesh --dry-run")
        {
            store, dryRun,
        };
        command.SetAction((parsed, cancellationToken) =>
            MigrateAsync(scope, parsed.GetValue(store)!, parsed.GetValue(dryRun), cancellationToken));
        return command;
    }

    private static async Task<int> MigrateAsync(
        CommandScope scope, string url, bool isDryRun, CancellationToken cancellationToken)
    {
        if (!PostgresUrl.TryParse(url, out var connectionString, out var error))
        {
            throw CliException.Usage($"--store cannot be used: {error}");
        }

        try
        {
            await using var connection = await PostgresSchema.OpenAsync(connectionString, cancellationToken);
            var before = isDryRun
                ? await PostgresSchema.ReadVersionAsync(connection, cancellationToken)
                : await PostgresSchema.MigrateAsync(connection, cancellationToken);
            var cluster = await ClusterName.ReadAsync(connection, cancellationToken);
            await scope.Host.Out.WriteLineAsync(
                before >= PostgresSchema.Version ? $"The tables are up to date (version {before})."
                : isDryRun ? $"The tables are at version {before}; they would be brought to {PostgresSchema.Version}."
                : $"The tables were brought from version {before} to {PostgresSchema.Version}.");
            if (cluster is not null) await scope.Host.Out.WriteLineAsync($"They are those of cluster '{cluster}'.");
            return ExitCode.Fine;
        }
        catch (SchemaException exception)
        {
            throw new CliException(exception.Message);
        }
    }
}
