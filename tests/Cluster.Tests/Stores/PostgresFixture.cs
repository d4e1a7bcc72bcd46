using MeshOrleans.Samples.Harness;
using MeshOrleans.Silo.Schema;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>One PostgreSQL for the tests of the stores; each takes a database of its own.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-stores-");
    private int _databases;

    public PostgresServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await PostgresServer.StartAsync(_directory.FullName);

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>The connection string of the database that was made last.</summary>
    public string Last { get; private set; } = "";

    /// <summary>A new, empty database, reached through a port.</summary>
    public async Task<string> CreateAsync(int? port = null, bool migrate = true)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await Server.QueryAsync($"CREATE DATABASE {name}");
        if (migrate) await OnConnection.RunAsync(Parse(Server.UrlOf(name)), c => PostgresSchema.MigrateAsync(c, default));
        return Last = Parse(Server.UrlOf(name, port));
    }

    private static string Parse(string url) =>
        PostgresUrl.TryParse(url, out var text, out var error) ? text : throw new FormatException(error);
}

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>
{
    public const string Name = "postgres";
}
