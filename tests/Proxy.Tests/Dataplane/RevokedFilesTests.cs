using System.Collections.Frozen;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Tests.Dataplane.Edge;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Files of revoked certificates, as connections see them.</summary>
public sealed class RevokedFilesTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EdgeAuthority _authority = new();
    private readonly ProxyState _state = new(TimeProvider.System);
    private readonly ListLogger<RevokedFiles> _log = new();
    private readonly RevokedFiles _files;
    private int _changes;

    public RevokedFilesTests()
    {
        _files = new RevokedFiles(_state, TimeProvider.System, _log);
        _files.Changed += () => _changes++;
        _state.Apply(Naming(Path));
    }

    private string Path => _folder.File("crl.pem");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _files.DisposeAsync();

    public void Dispose()
    {
        _state.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_change_is_told_once_and_what_has_not_changed_is_not()
    {
        Write();
        Assert.Empty(_files.Read(Path));
        _files.Refresh();
        Assert.Equal(0, _changes);

        Write(_authority.Issue("x.example"));
        _files.Refresh();
        _files.Refresh();
        Assert.Equal(1, _changes);

        Write(_authority.Issue("x.example"), _authority.Issue("y.example"));
        Assert.Equal(2, _files.Read(Path).Count); // a connection finds it out before the next look
        _files.Refresh();
        Assert.Equal(2, _changes);
    }

    [Fact]
    public void Another_list_of_the_same_length_and_time_is_found()
    {
        var (one, other) = (_authority.Issue("x.example"), _authority.Issue("x.example"));
        var (first, second) = (_authority.Revoke(one), _authority.Revoke(other));
        for (var i = 0; second.Length != first.Length; i++)
        {
            Assert.True(i < 1000, "no list of the same length");
            second = _authority.Revoke(other); // signatures differ in length
        }

        File.WriteAllText(Path, first);
        var time = File.GetLastWriteTimeUtc(Path);
        Assert.NotEmpty(_files.Read(Path));
        File.WriteAllText(Path, second);
        File.SetLastWriteTimeUtc(Path, time);

        _files.Refresh();

        Assert.Equal(1, _changes);
    }

    [Fact]
    public void A_file_that_nobody_may_read_is_read_when_somebody_may()
    {
        Write();
        _files.Read(Path);
        Write(_authority.Issue("x.example"));
        var time = File.GetLastWriteTimeUtc(Path);
        File.Move(Path, Path + ".away");
        _files.Refresh();
        Assert.Contains("the former one stays in use", Assert.Single(_files.Faults), StringComparison.Ordinal);
        Assert.Empty(_files.Read(Path));

        File.Move(Path + ".away", Path);
        File.SetLastWriteTimeUtc(Path, time);
        _files.Refresh();

        Assert.Empty(_files.Faults);
        Assert.Single(_files.Read(Path));
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public void A_file_that_is_empty_revokes_nothing_until_there_was_a_list()
    {
        File.WriteAllText(Path, "");
        Assert.Empty(_files.Read(Path));

        Write(_authority.Issue("x.example"));
        _files.Refresh();
        File.WriteAllText(Path, "");
        _files.Refresh();

        Assert.Single(_files.Read(Path));
    }

    [Fact]
    public void Links_in_a_circle_are_a_fault_like_others()
    {
        File.CreateSymbolicLink(Path, _folder.File("other.pem"));
        File.CreateSymbolicLink(_folder.File("other.pem"), Path);

        _files.Refresh();

        Assert.Single(_files.Faults);
        Assert.Throws<CredentialException>(() => _files.Read(Path));
    }

    [Fact]
    public void What_is_wrong_is_told_before_anybody_comes()
    {
        _files.Refresh();

        Assert.Contains(Path, Assert.Single(_files.Faults), StringComparison.Ordinal);
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void What_the_configuration_names_no_longer_is_forgotten()
    {
        File.WriteAllText(Path, "no list");
        Assert.Throws<CredentialException>(() => _files.Read(Path));
        Assert.Contains("nobody is let through", Assert.Single(_files.Faults), StringComparison.Ordinal);

        _state.Apply(Naming(""));
        _files.Refresh();

        Assert.Empty(_files.Faults);
    }

    [Fact]
    public void A_serial_with_leading_zeros_or_the_sign_byte_is_the_certificates()
    {
        var all = Enumerable.Range(0, 12).Select(_ => _authority.Issue("x.example")).ToArray(); // half have the first bit set
        Write(all);

        var revoked = _files.Read(Path);

        Assert.Equal(all.Length, revoked.Count);
        Assert.All(all, one => Assert.Contains(RevokedCertificates.KeyOf(one), (IReadOnlySet<(string, string)>)revoked));
    }

    [Fact]
    public void A_hundred_thousand_serials_are_looked_up_by_their_hash()
    {
        File.WriteAllBytes(Path, ListOf(100_000));
        var revoked = _files.Read(Path);
        Assert.Equal(100_000, revoked.Count);
        var shown = Enumerable.Range(0, 50).Select(_ => RevokedCertificates.KeyOf(_authority.Issue("x"))).ToList();

        var few = CostOf(new[] { shown[0] }.ToFrozenSet(RevokedCertificates.ByKey), shown);
        var many = CostOf(revoked, shown);

        // a search through all would cost a hundred thousand times as much
        Assert.True(many < few * 200, $"{many} for a long list, {few} for a short one");
    }

    private static TimeSpan CostOf(FrozenSet<(string Issuer, string Serial)> revoked, List<(string, string)> keys)
    {
        var least = TimeSpan.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var key in keys) revoked.Contains(key);
            var cost = Stopwatch.GetElapsedTime(start);
            if (cost < least) least = cost;
        }

        return least;
    }

    private byte[] ListOf(int count)
    {
        var list = new CertificateRevocationListBuilder();
        for (var i = 0; i < count; i++)
        {
            byte[] serial = [1, .. RandomNumberGenerator.GetBytes(15)];
            list.AddEntry(serial, DateTimeOffset.UtcNow);
        }

        return list.Build(_authority.Root, 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256);
    }

    private void Write(params X509Certificate2[] revoked) => File.WriteAllText(Path, _authority.Revoke(revoked));

    private static ProxyModel Naming(string file) => Models.Outbound(
        Models.Table(Models.To("c")),
        Models.Cluster("c", 1) with { Tls = new UpstreamTlsModel { Mode = UpstreamTlsMode.Simple, RevokedFile = file } });
}
