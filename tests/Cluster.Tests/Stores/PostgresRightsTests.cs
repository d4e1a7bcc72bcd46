using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Silo;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Silo.Schema;
using MeshOrleans.Silo.Storage;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>A role that did not make the tables: what it is told to be granted is what it needs.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresRightsTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Role = "Run-time"; // a name that must be quoted
    private const string Password = "runtime";
    private static readonly CancellationToken _none = CancellationToken.None;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-rights-");
    private string _owner = "";
    private string _runtime = "";
    private string _database = "";

    public async Task InitializeAsync()
    {
        _owner = await postgres.CreateAsync(migrate: false);
        _database = new NpgsqlConnectionStringBuilder(_owner).Database!;
        if (await postgres.Server.QueryAsync($"SELECT 1 FROM pg_roles WHERE rolname = '{Role}'") is "")
        {
            await postgres.Server.QueryAsync($"CREATE ROLE \"{Role}\" LOGIN PASSWORD '{Password}'");
        }

        _runtime = new NpgsqlConnectionStringBuilder(_owner) { Username = Role, Password = Password }.ConnectionString;
    }

    public Task DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_a_role_that_may_not_create_tables_is_told_to_be_granted_is_enough_to_write()
    {
        var refused = await Assert.ThrowsAsync<SchemaException>(
            () => OnConnection.RunAsync(_runtime, c => PostgresSchema.MigrateAsync(c, _none)));
        Assert.Contains("meshctl db migrate", refused.Message, StringComparison.Ordinal);
        await OnConnection.RunAsync(_owner, c => PostgresSchema.MigrateAsync(c, _none));

        await RunAsync(StatementsOf(refused));

        await StoreRegistration.PrepareStoreAsync(Settings(), TimeProvider.System, _ => { }, _none);
        await WriteEverywhereAsync();
        Assert.Equal("mesh", await OnConnection.RunAsync(_owner, c => ClusterName.ReadAsync(c, _none)));
    }

    [Fact]
    public async Task A_role_that_has_nothing_is_told_all_of_it_at_start()
    {
        await OnConnection.RunAsync(_owner, c => PostgresSchema.MigrateAsync(c, _none));

        var refused = await Assert.ThrowsAsync<SchemaException>(
            () => StoreRegistration.PrepareStoreAsync(Settings(), TimeProvider.System, _ => { }, _none));
        await RunAsync(StatementsOf(refused));

        Assert.DoesNotContain('\n', refused.Message);
        await StoreRegistration.PrepareStoreAsync(Settings(), TimeProvider.System, _ => { }, _none);
        await WriteEverywhereAsync();
    }

    [Theory]
    [InlineData("USAGE ON SEQUENCE", "public.mesh_grain_state_version")]
    [InlineData("DELETE ON TABLE", "public.mesh_reminder")]
    [InlineData("INSERT, UPDATE ON TABLE", "public.mesh_cluster, public.mesh_snapshot")]
    [InlineData("SELECT ON TABLE", "public.mesh_schema")]
    public async Task A_right_that_is_missing_is_named_as_the_statement_that_gives_it(string right, string names)
    {
        await OnConnection.RunAsync(_owner, c => PostgresSchema.MigrateAsync(c, _none));
        await RunAsync(PostgresRights.GrantTo($"\"{Role}\""));
        await OnConnection.RunAsync(_runtime, c => PostgresRights.CheckAsync(c, isGateway: false, _none));
        await RunAsync($"REVOKE {right} {names} FROM \"{Role}\"");

        var refused = await Assert.ThrowsAsync<SchemaException>(
            () => StoreRegistration.PrepareStoreAsync(Settings(), TimeProvider.System, _ => { }, _none));

        Assert.EndsWith($"run: GRANT {right} {names} TO \"{Role}\";", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.MayPass);
        await RunAsync(StatementsOf(refused));
        await OnConnection.RunAsync(_runtime, c => PostgresRights.CheckAsync(c, isGateway: false, _none));
    }

    [Fact]
    public async Task A_gateway_need_only_see_the_silos()
    {
        await OnConnection.RunAsync(_owner, c => PostgresSchema.MigrateAsync(c, _none));
        ClusterSecret.Open(_directory.FullName);
        var gateway = Settings();
        gateway.Role = SiloRole.Gateway;

        var refused = await Assert.ThrowsAsync<SchemaException>(
            () => StoreRegistration.PrepareStoreAsync(gateway, TimeProvider.System, _ => { }, _none));
        await RunAsync(StatementsOf(refused));

        await StoreRegistration.PrepareStoreAsync(gateway, TimeProvider.System, _ => { }, _none);
        Assert.DoesNotContain("INSERT", refused.Message, StringComparison.Ordinal);
    }

    private async Task WriteEverywhereAsync()
    {
        await using var database = new PostgresDatabase(
            _runtime, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);
        await using var states = new PostgresStateWriter(database);
        var key = new StateKey("type", "key", "state");
        var first = await states.WriteAsync(key, expected: null, [1]);
        Assert.NotNull(await states.WriteAsync(key, await states.WriteAsync(key, first, [2]), payload: null));

        var snapshots = new PostgresSnapshotStore(database);
        await snapshots.LoadAsync("epoch", _none);
        Assert.True(await snapshots.TryAppendAsync(new SnapshotAppend(0, 1, 0, [new SnapshotRow("k", 1, 1, null)]), _none));
        Assert.True(await snapshots.TryAppendAsync(new SnapshotAppend(1, 2, 1, [new SnapshotRow("l", 1, 2, "v")]), _none));
        Assert.True(await new PostgresRevisionStore(database).TryAppendAsync(
            new RevisionRecord(1, DateTimeOffset.UnixEpoch, "a", "", [new("K/n/k", ConfigChangeKind.Created, null, "{}")]),
            _none));
        var keys = new AuthorityKeys(new AuthorityMaterial("root", SecretText.Of("root key"), "signer", SecretText.Of("signer key")));
        var authority = new PostgresAuthorityKeyStore(database, ClusterSecret.Open(_directory.FullName));
        await authority.CreateAsync(keys, _none);
        await authority.ReplaceAsync(keys, keys, _none);
    }

    private SiloOptions Settings() => new()
    {
        Data = _directory.FullName,
        Store = postgres.Server.UrlOf(_database).Replace(
            $"mesh:{postgres.Server.Password}@", $"{Role}:{Password}@", StringComparison.Ordinal),
    };

    private Task<string> RunAsync(string statements) => postgres.Server.QueryAsync(statements, _database);

    private static string StatementsOf(SchemaException refused) =>
        refused.Message[refused.Message.IndexOf("GRANT", StringComparison.Ordinal)..];
}
