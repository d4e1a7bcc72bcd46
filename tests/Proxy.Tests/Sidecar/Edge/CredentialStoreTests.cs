using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using MeshOrleans.Proxy.Sidecar.Edge;
using MeshOrleans.Proxy.Tests.Dataplane.Edge;
using MeshOrleans.Testing;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar.Edge;

public sealed class CredentialStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EdgeAuthority _authority = new();
    private readonly ListLogger<CredentialStore> _log = new();
    private readonly CredentialStore _store;

    public CredentialStoreTests() =>
        _store = new CredentialStore(new CredentialFiles(new CredentialFolder(_folder.Path)), new ManualTimeProvider(), _log);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_pair_is_used_and_a_newer_one_takes_its_place()
    {
        var first = Write("cred");
        _store.Want(Asking("cred"));
        Assert.Equal(first.SerialNumber, SerialOf("cred"));

        var second = Write("cred");
        _store.Refresh();

        Assert.Equal(second.SerialNumber, SerialOf("cred"));
        Assert.Equal("", Assert.Single(_store.Status).Problem);
    }

    [Fact]
    public void Files_that_have_not_changed_change_nothing_and_the_key_is_not_kept()
    {
        Write("cred");
        _store.Want(Asking("cred"));
        var first = _store.FindCertificate(new EdgeCertificateName("cred"));

        _store.Refresh();

        Assert.Same(first, _store.FindCertificate(new EdgeCertificateName("cred")));
        var contents = CredentialFiles.Read([Path("cred", "tls.crt"), Path("cred", "tls.key")]);
        Assert.Contains(contents[1], value => value != 0);
        Assert.True(CredentialFiles.Certificate(contents).TargetCertificate.HasPrivateKey);
        Assert.All(contents[1], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Half_a_pair_never_takes_the_place_of_a_good_one()
    {
        var good = Write("cred");
        _store.Want(Asking("cred"));

        File.WriteAllText(Path("cred", "tls.crt"), _authority.Issue("a.example").ExportCertificatePem());
        _store.Refresh();

        Assert.Equal(good.SerialNumber, SerialOf("cred"));
        Assert.Contains("do not make a pair", Assert.Single(_store.Status).Problem, StringComparison.Ordinal);
        Assert.Equal(good.SerialNumber, Assert.Single(_store.Status).Serial);
    }

    [Fact]
    public void What_is_missing_is_told_once_and_used_when_it_comes()
    {
        _store.Want(Asking("cred"));
        _store.Refresh();
        Assert.Null(_store.FindCertificate(new EdgeCertificateName("cred")));
        Assert.StartsWith("credential 'cred' is missing", $"{Assert.Single(_store.Status)}", StringComparison.Ordinal);
        Assert.Single(_log.Texts(LogLevel.Error), line => line.Contains("'cred'", StringComparison.Ordinal));

        var certificate = Write("cred");
        _store.Refresh();

        Assert.Equal(certificate.SerialNumber, SerialOf("cred"));
    }

    [Theory]
    [InlineData("../cred")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public void A_name_does_not_lead_out_of_the_folder(string name)
    {
        _store.Want(Asking(name));

        Assert.Equal("it is not the name of a folder", Assert.Single(_store.Status).Problem);
    }

    [Fact]
    public void Roots_are_in_a_folder_of_their_own_or_beside_the_certificate()
    {
        Write("cred");
        File.WriteAllText(Path("cred", "ca.crt"), _authority.Root.ExportCertificatePem());
        var name = new EdgeRootsName("cred-cacert");
        _store.Want(Asking("cred", name));

        Assert.Equal(_authority.Root.SerialNumber, Assert.Single(_store.FindRoots(name)!).SerialNumber);

        var other = new EdgeAuthority("other");
        Directory.CreateDirectory(_folder.File("cred-cacert"));
        File.WriteAllText(Path("cred-cacert", "ca.crt"), other.Root.ExportCertificatePem());
        _store.Refresh();
        Assert.Equal(other.Root.SerialNumber, Assert.Single(_store.FindRoots(name)!).SerialNumber);
    }

    [Fact]
    public void What_no_listener_asks_for_any_more_is_forgotten()
    {
        Write("cred");
        _store.Want(Asking("cred"));

        _store.Want(ProxyModel.Empty);

        Assert.Empty(_store.Status);
        Assert.Null(_store.FindCertificate(new EdgeCertificateName("cred")));
    }

    private static ProxyModel Asking(string credential, EdgeRootsName? roots = null)
    {
        var chain = new EdgeChainModel
        {
            Name = "c",
            IsTls = true,
            Tls = new EdgeTlsModel { Key = "k", Certificates = [new EdgeCertificateName(credential)], Roots = roots },
        };
        var listener = new EdgeListenerModel("l", new IPEndPoint(IPAddress.Loopback, 0), [chain]);
        return ProxyModel.Empty with { Edge = new[] { listener }.ToFrozenDictionary(l => l.Name) };
    }

    private string Path(string credential, string file) => System.IO.Path.Combine(_folder.Path, credential, file);

    private string SerialOf(string credential) =>
        _store.FindCertificate(new EdgeCertificateName(credential))!.TargetCertificate.SerialNumber;

    private X509Certificate2 Write(string credential)
    {
        var certificate = _authority.Issue("a.example");
        Directory.CreateDirectory(_folder.File(credential));
        File.WriteAllText(Path(credential, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path(credential, "tls.key"), EdgeAuthority.KeyOf(certificate));
        return certificate;
    }
}
