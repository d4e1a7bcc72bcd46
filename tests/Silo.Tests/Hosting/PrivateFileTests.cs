using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Identity;

namespace MeshOrleans.Silo.Tests.Hosting;

public sealed class PrivateFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Only_the_owner_may_read_the_file_and_it_is_replaced_as_a_whole()
    {
        var path = Path.Combine(_directory.FullName, "secret");

        PrivateFile.Write(path, "one");
        PrivateFile.Write(path, "two");

        Assert.Equal("two", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(["secret"], _directory.GetFiles().Select(f => f.Name));
    }

    [Fact]
    public void A_secret_of_the_cluster_that_was_copied_is_its_owners_only_once_it_is_used()
    {
        var path = Path.Combine(_directory.FullName, ClusterSecret.FileName);
        ClusterSecret.Open(_directory.FullName);
        var first = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("644", 8));

        ClusterSecret.Open(_directory.FullName);

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal((Owner, Owner), (first, File.GetUnixFileMode(path)));
    }

    [Fact]
    public void Only_the_owner_may_read_it_afterwards_where_everybody_could_before()
    {
        var path = Path.Combine(_directory.FullName, "secret");
        foreach (var file in (string[])[path, path + ".new"]) // the draft of a process that was killed, too
        {
            File.WriteAllText(file, "old");
            File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32("644", 8));
        }

        using var text = SecretText.Of("a key");
        PrivateFile.Write(path, text);

        Assert.Equal("a key", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.False(PrivateFile.TryCreate(path, text));
        Assert.True(PrivateFile.TryCreate(path + "2", text));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path + "2"));
        Assert.Equal("a key", text.Span.ToString()); // it is the caller's to clear
    }
}
