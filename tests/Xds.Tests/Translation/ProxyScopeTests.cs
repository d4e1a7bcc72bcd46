using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class ProxyScopeTests
{
    [Fact]
    public void Scopes_are_compared_by_content()
    {
        var (one, other) = (Scope(), Scope());

        Assert.NotSame(one.Labels, other.Labels);
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    [Fact]
    public void Everything_that_a_translation_looks_at_counts()
    {
        var scope = Scope();

        Assert.All(
            [
                scope with { Namespace = "x" },
                scope with { Mode = ProxyMode.Gateway },
                scope with { Mode = ProxyMode.Proxyless },
                scope with { Mode = ProxyMode.Envoy },
                scope with { ClientFiles = new CertificateFiles("a", "b", "c") },
                scope with { ServerFiles = new SecretFiles("a", "b") },
                scope with { BindAddress = "10.0.0.1" },
                scope with { Locality = Locality.Parse("x") },
                scope with { Network = "x" },
                scope with { Labels = scope.Labels.SetItem("version", "v2") },
                scope with { Labels = scope.Labels.Clear() },
                scope with { Ports = scope.Ports.SetItem("http", 1) },
            ],
            changed => Assert.NotEqual(scope, changed));
    }

    [Fact]
    public void What_no_resource_depends_on_does_not_tell_scopes_apart()
    {
        var (one, other) = (Scope(), Scope() with { ServiceAccount = "x" });
        var mesh = MeshIndex.Of(TestMesh.With("").Snapshot);

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal(
            ScopeTranslation.Of(mesh, one).Resources.Groups.Select(g => g.VersionInfo),
            ScopeTranslation.Of(mesh, other).Resources.Groups.Select(g => g.VersionInfo));
    }

    private static ProxyScope Scope() => TestMesh.Scope("app", "app=a,version=v1") with
    {
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 8080),
    };
}
