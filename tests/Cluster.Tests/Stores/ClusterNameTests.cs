using MeshOrleans.Silo;
using MeshOrleans.Silo.Schema;
using MeshOrleans.Silo.Storage;
using Npgsql;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>A database belongs to one cluster, and the processes of another are told.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ClusterNameTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly CancellationToken _none = CancellationToken.None;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-name-");

    public Task InitializeAsync() => postgres.CreateAsync(migrate: false);

    public Task DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(SiloRole.Silo)]
    [InlineData(SiloRole.Gateway)]
    public async Task The_first_silo_names_the_cluster_and_another_name_is_refused(SiloRole role)
    {
        await PrepareAsync("one");
        await PrepareAsync("one");

        var refused = await Assert.ThrowsAsync<SchemaException>(() => PrepareAsync("two", role));

        Assert.Contains("belongs to cluster 'one'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--cluster one", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.False(refused.MayPass);
        Assert.Equal("one", await OnConnection.RunAsync(postgres.Last, c => ClusterName.ReadAsync(c, _none)));
    }

    [Fact]
    public async Task Of_silos_that_begin_at_once_with_different_names_those_of_one_go_on()
    {
        await OnConnection.RunAsync(postgres.Last, c => PostgresSchema.MigrateAsync(c, _none));

        var names = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                await OnConnection.RunAsync(postgres.Last, c => ClusterName.ClaimAsync(c, $"c{i % 4}", _none));
                return $"c{i % 4}";
            }
            catch (SchemaException)
            {
                return null;
            }
        }));

        var held = await OnConnection.RunAsync(postgres.Last, c => ClusterName.ReadAsync(c, _none));
        Assert.Equal([held], names.Where(n => n is not null).Distinct());
    }

    [Theory]
    [InlineData("served", "served")]
    [InlineData("served,other", null)]
    public async Task A_database_that_served_a_cluster_before_it_bore_a_name_is_that_ones(string served, string? name)
    {
        // as a program of schema 3 has left it
        await OnConnection.RunAsync(postgres.Last, c => PostgresSchema.MigrateAsync(c, _none));
        await RunAsync("DROP TABLE mesh_cluster; ALTER TABLE mesh_grain_state DROP COLUMN removable_from;"
            + " DELETE FROM mesh_schema WHERE version > 3");
        foreach (var one in served.Split(','))
        {
            await RunAsync($"INSERT INTO orleansmembershipversiontable(deploymentid) VALUES('{one}')");
        }

        Assert.Equal(3, await OnConnection.RunAsync(postgres.Last, c => PostgresSchema.MigrateAsync(c, _none)));

        Assert.Equal(name, await OnConnection.RunAsync(postgres.Last, c => ClusterName.ReadAsync(c, _none)));
    }

    [Fact]
    public async Task A_program_that_knows_nothing_of_the_name_goes_on()
    {
        await PrepareAsync("one");

        Assert.Equal("2", await RunAsync("SELECT max(coalesce(oldest_reader, version)) FROM mesh_schema"));
    }

    private Task PrepareAsync(string cluster, SiloRole role = SiloRole.Silo) => StoreRegistration.PrepareStoreAsync(
        new SiloOptions
        {
            Data = _directory.FullName,
            Store = postgres.Server.UrlOf(Database),
            Cluster = cluster,
            Role = role,
        },
        TimeProvider.System,
        _ => { },
        _none);

    private string Database => new NpgsqlConnectionStringBuilder(postgres.Last).Database!;

    private Task<string> RunAsync(string statements) => postgres.Server.QueryAsync(statements, Database);
}
