using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class PeerTrustMachineTests
{
    private const string Own = "cluster.local";
    private const string West = "west.local";

    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string _root = NewRoot();
    private static readonly string _otherRoot = NewRoot();

    [Fact]
    public void The_roots_are_told_as_a_federated_bundle()
    {
        var (next, result) = Hold(new PeerTrustState(), West, "west", _root);

        Assert.IsType<LinkResult.Done>(result);
        var bundle = SnapshotPayload.ReadBundle(next.Entries.Held["trust/west.local"].Payload!);
        Assert.Equal((West, false), (bundle.TrustDomain.Name, bundle.IsLocal));
        Assert.Equal([_root], bundle.RootsPem.AsEnumerable());
    }

    [Fact]
    public void This_meshs_own_trust_domain_is_refused()
    {
        var state = new PeerTrustState();

        var (next, result) = Hold(state, Own, "west", _root);

        Assert.Same(state, next);
        Assert.Contains("own trust domain", Assert.IsType<LinkResult.Refused>(result).Reason);
    }

    [Fact]
    public void A_domain_that_another_link_holds_is_refused_until_it_is_released()
    {
        var held = Hold(new PeerTrustState(), West, "west", _root).Next;

        var refused = Assert.IsType<LinkResult.Refused>(Hold(held, West, "imposter", _otherRoot).Result);
        Assert.Contains("west", refused.Reason);
        Assert.Same(held, PeerTrustMachine.Release(held, West, "imposter"));

        var released = PeerTrustMachine.Release(held, West, "west");
        var next = Hold(released, West, "imposter", _otherRoot);
        Assert.IsType<LinkResult.Done>(next.Result);
        Assert.Equal(3, next.Next.Entries.Version);
    }

    [Fact]
    public void Changed_roots_have_a_higher_sequence_and_the_same_ones_change_nothing()
    {
        var one = Hold(new PeerTrustState(), West, "west", _root).Next;
        var two = Hold(one, West, "west", _root, _otherRoot).Next;

        Assert.Same(one, Hold(one, West, "west", _root).Next);
        Assert.True(Sequence(two) > Sequence(one));
    }

    [Fact]
    public void What_the_mesh_has_revoked_is_told_beside_its_roots_and_outlasts_a_change_of_them()
    {
        var held = Hold(new PeerTrustState(), West, "west", _root).Next;

        var told = PeerTrustMachine.TellRevoked(held, West, "west", [List()]);
        var renewed = Hold(told.Next, West, "west", _root, _otherRoot).Next;

        Assert.IsType<LinkResult.Done>(told.Result);
        Assert.Equal(Sequence(held), Sequence(told.Next)); // that of the roots
        Assert.Single(RevocationListReader.ReadTold(BundleOf(renewed).CrlsPem));
        Assert.Same(told.Next, PeerTrustMachine.TellRevoked(told.Next, West, "west", told.Next.CrlsPem).Next);
        Assert.Empty(BundleOf(PeerTrustMachine.TellRevoked(renewed, West, "west", []).Next).CrlsPem);
    }

    [Fact]
    public void Lists_that_cannot_be_read_or_of_another_link_are_refused_and_those_before_stay()
    {
        var held = Hold(new PeerTrustState(), West, "west", _root).Next;
        var told = PeerTrustMachine.TellRevoked(held, West, "west", [List()]).Next;
        const string bad = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";

        Assert.IsType<LinkResult.Refused>(PeerTrustMachine.TellRevoked(told, West, "west", [bad]).Result);
        Assert.Same(told, PeerTrustMachine.TellRevoked(told, West, "west", [bad]).Next);
        Assert.IsType<LinkResult.Refused>(PeerTrustMachine.TellRevoked(told, West, "imposter", []).Result);
    }

    [Fact]
    public void Roots_that_are_none_are_refused()
    {
        foreach (var bad in new[] { "", "no PEM", _root + _otherRoot, Leaf(), new string('x', 20_000) })
        {
            Assert.IsType<LinkResult.Refused>(Hold(new PeerTrustState(), West, "west", bad).Result);
        }

        Assert.IsType<LinkResult.Refused>(Hold(new PeerTrustState(), West, "west").Result);
        Assert.IsType<LinkResult.Refused>(Hold(new PeerTrustState(), "Not A Domain", "west", _root).Result);
    }

    private static (PeerTrustState Next, LinkResult Result) Hold(
        PeerTrustState state, string domain, string link, params string[] roots) =>
        PeerTrustMachine.Hold(state, domain, Own, link, [.. roots]);

    private static long Sequence(PeerTrustState state) => BundleOf(state).Sequence;

    private static TrustBundle BundleOf(PeerTrustState state) =>
        SnapshotPayload.ReadBundle(state.Entries.Held["trust/west.local"].Payload!);

    private static string List()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=west", key, HashAlgorithmName.SHA256);
        using var issuer = request.CreateSelfSigned(_now, _now.AddDays(1));
        return TestRevocations.Pem(issuer, key, _now, _now.AddDays(1), (issuer, X509RevocationReason.KeyCompromise));
    }

    private static string NewRoot() => AuthorityCertificates.Create(TrustDomain.Parse(West), _now).RootCertificate;

    private static string Leaf()
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256);
        using var leaf = request.CreateSelfSigned(_now, _now.AddDays(1));
        return leaf.ExportCertificatePem();
    }
}
