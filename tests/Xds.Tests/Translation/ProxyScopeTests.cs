using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation;

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
                scope with { ServiceAccount = "x" },
                scope with { Mode = ProxyMode.Gateway },
                scope with { Mode = ProxyMode.Proxyless },
                scope with { Network = "x" },
                scope with { BindAddress = "10.0.0.1" },
                scope with { Locality = Locality.Parse("x") },
                scope with { Labels = scope.Labels.SetItem("version", "v2") },
                scope with { Labels = scope.Labels.Clear() },
                scope with { Ports = scope.Ports.SetItem("http", 1) },
            ],
            changed => Assert.NotEqual(scope, changed));
    }

    private static ProxyScope Scope() => TestMesh.Scope("app", "app=a,version=v1") with
    {
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 8080),
    };
}
