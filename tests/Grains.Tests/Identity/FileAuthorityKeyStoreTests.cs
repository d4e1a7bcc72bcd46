using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class FileAuthorityKeyStoreTests : IDisposable
{
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");

    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-keys-").FullName;
    private readonly string _path;
    private readonly FileAuthorityKeyStore _store;

    public FileAuthorityKeyStoreTests()
    {
        _path = Path.Combine(_directory, "authority", "keys.pem");
        _store = new FileAuthorityKeyStore(_path);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task There_is_nothing_before_the_first_keys() => Assert.Null(await _store.LoadAsync(CancellationToken.None));

    [Fact]
    public async Task Keys_come_back_as_they_were_saved()
    {
        var keys = New();

        await _store.CreateAsync(keys, CancellationToken.None);

        Assert.Equal(keys, await _store.LoadAsync(CancellationToken.None));
        using var authority = new SigningAuthority(
            (await _store.LoadAsync(CancellationToken.None))!, new MeshOptions(), new AuthorityOptions());
        Assert.Equal(keys.RootCertificate, authority.RootPem);
    }

    [Fact]
    public async Task Only_the_owner_may_read_them()
    {
        await _store.CreateAsync(New(), CancellationToken.None);

        if (OperatingSystem.IsWindows()) return; // no modes there
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
        File.SetUnixFileMode(_path, File.GetUnixFileMode(_path) | UnixFileMode.OtherRead);
        await _store.LoadAsync(CancellationToken.None);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
    }

    [Fact]
    public async Task Who_comes_second_gets_the_keys_of_the_first()
    {
        var first = New();

        await _store.CreateAsync(first, CancellationToken.None);
        var second = await _store.CreateAsync(New(), CancellationToken.None);

        Assert.Equal(first, second);
        Assert.Equal([_path], Directory.GetFiles(Path.GetDirectoryName(_path)!));
    }

    [Fact]
    public async Task Of_many_at_once_all_get_the_same_keys()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => Task.Run(() => _store.CreateAsync(New(), CancellationToken.None))));

        Assert.Single(all.Distinct());
    }

    [Fact]
    public async Task A_new_signing_certificate_takes_the_place_of_the_old_one()
    {
        var keys = await _store.CreateAsync(New(), CancellationToken.None);
        var renewed = AuthorityCertificates.WithNewSigner(keys, _domain, DateTimeOffset.UnixEpoch.AddYears(50));

        Assert.Equal(renewed, await _store.ReplaceSignerAsync(keys, renewed, CancellationToken.None));
        Assert.Equal(renewed, await _store.ReplaceSignerAsync(keys, keys, CancellationToken.None)); // too late

        Assert.Equal(renewed, await _store.LoadAsync(CancellationToken.None));
        Assert.NotEqual(keys, renewed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    public async Task A_damaged_file_is_an_error_and_stays_as_it_is(string content)
    {
        await _store.CreateAsync(New(), CancellationToken.None);
        await File.WriteAllTextAsync(_path, content);

        await Assert.ThrowsAsync<FormatException>(() => _store.LoadAsync(CancellationToken.None));
        Assert.Equal(content, await File.ReadAllTextAsync(_path));
    }

    private static AuthorityMaterial New() => AuthorityCertificates.Create(_domain, DateTimeOffset.UnixEpoch.AddYears(50));
}
