namespace MeshOrleans.Samples.Harness;

/// <summary>The folder of a cluster: one owner at a time, who ends what an owner before it has left running.</summary>
internal sealed class ClusterFolder : IDisposable
{
    private readonly FileStream _lock;

    private ClusterFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    private string Records => System.IO.Path.Combine(Path, "processes");

    /// <summary>Takes the folder, which is made when it is missing; the lock ends with its owner, however that ends.</summary>
    /// <exception cref="InvalidOperationException">Somebody has it.</exception>
    public static ClusterFolder Open(string directory)
    {
        var path = System.IO.Path.GetFullPath(directory);
        Directory.CreateDirectory(System.IO.Path.Combine(path, "processes"));
        try
        {
            return new ClusterFolder(path, new FileStream(
                System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException(
                $"{path} is in use by another cluster ({exception.Message}); end that one, or choose another folder (--data)");
        }
    }

    /// <summary>Where it is kept which process bears a name.</summary>
    public string RecordOf(string name) => System.IO.Path.Combine(Records, name);

    /// <summary>Ends all processes of an earlier owner, while their database is still there: so they leave in good order.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndLeftoversAsync() =>
        (await Task.WhenAll(Directory.GetFiles(Records).Select(ProcessRecord.EndAsync))).Count(wasRunning => wasRunning);

    public void Dispose() => _lock.Dispose();
}
