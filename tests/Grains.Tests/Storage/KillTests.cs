using System.Diagnostics;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Silo.Storage;

namespace MeshOrleans.Grains.Tests.Storage;

public sealed class KillTests
{
    [Fact]
    public async Task What_was_acknowledged_before_a_kill_is_there()
    {
        using var folder = new DataFolder();
        using var writer = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "exec", typeof(KillTests).Assembly.Location, WriterProgram.Command, folder.Path },
            RedirectStandardOutput = true,
        })!;
        List<string> acknowledged = [];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (acknowledged.Count < 500 && await writer.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            acknowledged.Add(line);

        writer.Kill();
        await writer.WaitForExitAsync(patience.Token);
        while (await writer.StandardOutput.ReadLineAsync(patience.Token) is { } line) acknowledged.Add(line);

        using var database = SqliteDatabase.Open(folder.Path);
        var saved = await database.ReadAsync(
            s => s.Query("SELECT grain_key FROM grain_state", r => r.GetString(0)).ToHashSet(), patience.Token);
        Assert.True(acknowledged.Count >= 500, $"Only {acknowledged.Count} writes were acknowledged.");
        Assert.DoesNotContain(acknowledged, key => key.EndsWith('.') && !saved.Contains(key));
    }
}

/// <summary>What the test process does instead of nothing when it is started with a command.</summary>
internal static class WriterProgram
{
    public const string Command = "write-until-killed";

    public static async Task Main(string[] args)
    {
        if (args is not [Command, var directory]) return;
        using var database = SqliteDatabase.Open(directory);
        var store = new SqliteGrainStateStore(database);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => WriteAsync(store, writer)));
    }

    private static async Task WriteAsync(SqliteGrainStateStore store, int writer)
    {
        for (var i = 0; ; i++)
        {
            var key = $"{writer}-{i}."; // the dot shows that the line is whole
            await store.WriteAsync(new GrainStateKey("mesh", "type", "state", key), "{}", null, null, CancellationToken.None);
            Console.WriteLine(key);
        }
    }
}
