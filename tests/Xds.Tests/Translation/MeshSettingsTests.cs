using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Tests.Translation;

public sealed class MeshSettingsTests
{
    [Theory]
    [InlineData("", "cluster.local")]
    [InlineData("trustDomain: prod.example", "cluster.local prod.example")] // who has a certificate has one of the authority's domain
    [InlineData("trustDomain: cluster.local, trustDomainAliases: [old.example]", "cluster.local old.example")]
    public void The_domain_for_which_the_authority_signs_counts_whatever_the_configuration_calls_it(string spec, string domains)
    {
        var mesh = TestMesh.With(
            $"{{apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {{name: default, namespace: istio-system}}, spec: {{{spec}}}}}");

        Assert.Equal(domains.Split(' '), MeshSettings.From(mesh.Snapshot).TrustDomains);
    }
}
