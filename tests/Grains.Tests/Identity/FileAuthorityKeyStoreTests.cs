using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Identity;

namespace MeshOrleans.Grains.Tests.Identity;

public sealed class FileAuthorityKeyStoreTests : IDisposable
{
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");

    private static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);

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
            (await _store.LoadAsync(CancellationToken.None))!.First, new MeshOptions(), new AuthorityOptions());
        Assert.Equal(keys.First.RootCertificate, authority.RootPem);
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
        var renewed = new AuthorityKeys(AuthorityCertificates.WithNewSigner(keys.First, _domain, _now));

        Assert.Equal(renewed, await _store.ReplaceAsync(keys, renewed, CancellationToken.None));
        Assert.Equal(renewed, await _store.ReplaceAsync(keys, keys, CancellationToken.None)); // too late

        Assert.Equal(renewed, await _store.LoadAsync(CancellationToken.None));
        Assert.NotEqual(keys, renewed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    [InlineData("next authority")]
    public async Task A_damaged_file_is_an_error_and_stays_as_it_is(string content)
    {
        await _store.CreateAsync(New(), CancellationToken.None);
        await File.WriteAllTextAsync(_path, content);

        await Assert.ThrowsAsync<FormatException>(() => _store.LoadAsync(CancellationToken.None));
        Assert.Equal(content, await File.ReadAllTextAsync(_path));
    }

    [Fact]
    public async Task Two_authorities_come_back_as_they_were_saved()
    {
        var keys = await _store.CreateAsync(New(), CancellationToken.None);
        var next = AuthorityCertificates.LinkedTo(
            keys.First, AuthorityCertificates.Create(_domain, _now, AuthorityKeyType.Rsa2048), _domain, _now);
        var foreign = AuthorityCertificates.Create(_domain, _now) with { RootKey = SecretText.Empty, Intermediates = keys.First.SigningCertificate };

        foreach (var both in new[] { keys with { Second = next }, new AuthorityKeys(foreign, next), new AuthorityKeys(next, foreign) })
        {
            await _store.ReplaceAsync((await _store.LoadAsync(CancellationToken.None))!, both, CancellationToken.None);
            Assert.Equal(both, await _store.LoadAsync(CancellationToken.None));
        }
    }

    [Fact]
    public async Task One_authority_is_saved_as_former_versions_read_it()
    {
        var one = (await _store.CreateAsync(New(), CancellationToken.None)).First;

        string[] parts =
        [
            one.RootCertificate, one.RootKey.Span.ToString(), one.SigningCertificate, one.SigningKey.Span.ToString(),
        ];
        Assert.Equal(string.Concat(parts.Select(p => p + Environment.NewLine)), await File.ReadAllTextAsync(_path));
    }

    private static AuthorityKeys New() => new(AuthorityCertificates.Create(_domain, _now));
}
