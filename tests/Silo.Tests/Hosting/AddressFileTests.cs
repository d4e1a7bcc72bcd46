using MeshOrleans.Silo.Hosting;

namespace MeshOrleans.Silo.Tests.Hosting;

public sealed class AddressFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-address-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string FilePath => Path.Combine(_folder.FullName, "control-plane.json");

    [Fact]
    public void It_says_what_was_written_last()
    {
        Assert.Null(AddressFile.Write(_folder.FullName, "one"));
        Assert.Null(AddressFile.Write(_folder.FullName, "two"));

        Assert.Equal("two", File.ReadAllText(FilePath));
    }

    [Fact]
    public void What_it_says_already_needs_no_room()
    {
        AddressFile.Write(_folder.FullName, "same");
        TakeAwayTheRoom();

        Assert.Null(AddressFile.Write(_folder.FullName, "same"));

        Assert.Equal("same", File.ReadAllText(FilePath));
    }

    [Fact]
    public void Where_it_cannot_be_written_the_reason_is_told_and_no_old_address_stays()
    {
        AddressFile.Write(_folder.FullName, "old");
        TakeAwayTheRoom();

        var reason = AddressFile.Write(_folder.FullName, "new");

        Assert.Contains(FilePath, reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason!);
        Assert.False(File.Exists(FilePath));
    }

    // A folder stands where the draft would be: it can be replaced by nobody, not even by root.
    private void TakeAwayTheRoom() => Directory.CreateDirectory(Path.Combine(FilePath + ".new", "taken"));
}
