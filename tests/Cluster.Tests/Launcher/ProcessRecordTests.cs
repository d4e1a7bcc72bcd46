using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Launcher;

/// <summary>The process of a record is ended, and no other one that bears its number.</summary>
public sealed class ProcessRecordTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-record-");
    private readonly ForeignProcess _process = new();

    public void Dispose()
    {
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Record => Path.Combine(_folder.FullName, "silo-1");

    [Fact]
    public async Task The_process_of_a_record_is_ended_and_forgotten()
    {
        ProcessRecord.Write(Record, _process.Id);

        Assert.True(await ProcessRecord.EndAsync(Record));

        await _process.WaitForExitAsync();
        Assert.False(File.Exists(Record));
    }

    [Theory]
    [InlineData(0, "the same number, another start")]
    [InlineData(1, "another boot")]
    [InlineData(2, "torn")]
    [InlineData(3, "empty")]
    public async Task One_that_bears_its_number_by_chance_is_left_alone(int change, string why)
    {
        ProcessRecord.Write(Record, _process.Id);
        var fields = (await File.ReadAllTextAsync(Record)).Split(' ');
        string[] wrong =
        [
            $"{fields[0]} {long.Parse(fields[1]) - 1} {fields[2]}", $"{fields[0]} {fields[1]} {Guid.NewGuid()}", fields[0], "",
        ];
        await File.WriteAllTextAsync(Record, wrong[change]);

        Assert.False(await ProcessRecord.EndAsync(Record), why);

        Assert.True(_process.IsRunning, why);
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task A_record_of_a_process_that_has_ended_is_forgotten()
    {
        ProcessRecord.Write(Record, _process.Id);
        await _process.EndAsync();

        Assert.False(await ProcessRecord.EndAsync(Record));

        Assert.False(File.Exists(Record));
    }
}
