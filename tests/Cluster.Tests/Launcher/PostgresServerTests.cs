using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Launcher;

/// <summary>The launcher's PostgreSQL over several starts on the same folder.</summary>
public sealed class PostgresServerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-server-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_keeps_its_port_where_that_is_free_and_a_server_that_was_left_is_taken_over()
    {
        var left = await PostgresServer.StartAsync(_folder.FullName);

        await using var next = await PostgresServer.StartAsync(_folder.FullName);
        Assert.Equal(left.Port, next.Port);
        Assert.Equal("1", await next.QueryAsync("SELECT 1"));

        await next.StopAsync();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, next.Port);
        taken.Start();
        await using var elsewhere = await PostgresServer.StartAsync(_folder.FullName);
        Assert.NotEqual(next.Port, elsewhere.Port);
        Assert.Equal("1", await elsewhere.QueryAsync("SELECT 1"));
    }

    [Fact]
    public async Task A_process_that_bears_the_number_of_a_server_that_has_gone_is_left_alone()
    {
        await using var server = await PostgresServer.StartAsync(_folder.FullName);
        var file = Path.Combine(_folder.FullName, "data", "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(file);
        Assert.True(server.IsRunning);
        await server.StopAsync();
        using var foreign = new ForeignProcess();
        await File.WriteAllLinesAsync(file, [$"{foreign.Id}", .. lines[1..]]);

        Assert.False(server.IsRunning);
        await using var next = await PostgresServer.StartAsync(_folder.FullName);

        Assert.True(foreign.IsRunning, "A process that is not PostgreSQL was ended.");
        Assert.Equal("1", await next.QueryAsync("SELECT 1"));
    }
}
