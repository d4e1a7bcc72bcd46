using MeshOrleans.Silo.Hosting;

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
}
