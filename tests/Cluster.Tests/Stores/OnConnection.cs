using MeshOrleans.Silo.Schema;
using Npgsql;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>Does one thing on a connection of its own.</summary>
internal static class OnConnection
{
    public static async Task<T> RunAsync<T>(string connectionString, Func<NpgsqlConnection, Task<T>> body)
    {
        await using var connection = await PostgresSchema.OpenAsync(connectionString, CancellationToken.None);
        return await body(connection);
    }

    public static async Task RunAsync(string connectionString, Func<NpgsqlConnection, Task> body)
    {
        await using var connection = await PostgresSchema.OpenAsync(connectionString, CancellationToken.None);
        await body(connection);
    }
}
