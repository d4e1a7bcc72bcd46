using MeshOrleans.Silo.Access;
using MeshOrleans.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Access;

public sealed class AccessFileTests : IDisposable
{
    private const string Viewer = "bindings:\n- role: viewer\n  subjects: [{spiffe: 'spiffe://a/b'}]\n";

    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void A_changed_file_is_taken_over_and_a_wrong_one_is_not()
    {
        File.WriteAllText(_path, Viewer);
        using var file = Open(_path);
        Assert.Single(file.Current.Bindings);

        File.WriteAllText(_path, Viewer + "bindings: []");
        Assert.False(file.Look());
        Assert.False(file.Look());
        Assert.Single(file.Current.Bindings);

        File.WriteAllText(_path, "bindings: []");
        file.Look();
        Assert.True(file.Look());
        Assert.Empty(file.Current.Bindings);
    }

    [Fact]
    public void A_text_counts_only_once_it_stays_the_same()
    {
        File.WriteAllText(_path, Viewer);
        using var file = Open(_path);

        File.WriteAllText(_path, "bindings: []");
        Assert.False(file.Look());
        File.WriteAllText(_path, Viewer.Replace("viewer", "operator", StringComparison.Ordinal));
        Assert.False(file.Look());

        Assert.Equal(Role.Viewer, file.Current.Bindings.Single().Grant.Role);
        Assert.True(file.Look());
        Assert.Equal(Role.Operator, file.Current.Bindings.Single().Grant.Role);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("# nothing\n")]
    public void An_empty_file_takes_nothing_from_anybody(string text)
    {
        File.WriteAllText(_path, Viewer);
        using var file = Open(_path);

        File.WriteAllText(_path, text);

        Assert.False(file.Look());
        Assert.False(file.Look());
        Assert.Single(file.Current.Bindings);
    }

    [Fact]
    public void A_file_that_is_gone_for_a_moment_takes_nothing_from_anybody()
    {
        File.WriteAllText(_path, Viewer);
        using var file = Open(_path);

        File.Delete(_path);
        file.Look();

        Assert.Single(file.Current.Bindings);
    }

    [Fact]
    public void A_wrong_file_at_start_is_told_with_its_line()
    {
        File.WriteAllText(_path, "bindings:\n- role: boss\n");

        var exception = Assert.Throws<FormatException>(() => Open(_path));

        Assert.Contains($"{_path}:2: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_at_start_is_told() =>
        Assert.ThrowsAny<IOException>(() => Open(_path + ".not-there"));

    public void Dispose() => File.Delete(_path);

    private static AccessFile Open(string path) => new(
        Options.Create(new SiloOptions { ApiAccess = path }), new ManualTimeProvider(), NullLogger<AccessFile>.Instance);
}
