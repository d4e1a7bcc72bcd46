using System.Net;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Certificates that a linked mesh has revoked.</summary>
public sealed class LinkedRevocationTests
{
    private readonly TestAuthority _own = new();
    private readonly TestAuthority _west = new("west.local");

    [Fact]
    public async Task A_client_that_its_own_mesh_has_revoked_is_refused_and_others_of_it_are_not()
    {
        await using var app = await EchoBackend.StartAsync("app");
        using var bad = _west.Issue(_west.IdOf("a"));
        using var good = _west.Issue(_west.IdOf("a"));
        await using var server = await ServerAsync(app, Foreign(_west.Revoking(bad)));
        await using var refused = await ClientAsync(server, TlsIdentity.Create(bad, [], [_west.Bundle, Foreign(_own.Bundle)]));
        await using var welcome = await ClientAsync(server, TlsIdentity.Create(good, [], [_west.Bundle, Foreign(_own.Bundle)]));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await refused.GetAsync("http://b/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await welcome.GetAsync("http://b/")).Status);
    }

    [Fact]
    public async Task A_linked_mesh_revokes_nothing_of_this_one()
    {
        await using var app = await EchoBackend.StartAsync("app");
        using var leaf = _own.Issue(_own.IdOf("a"));
        var hostile = Foreign(_west.Bundle) with { CrlsPem = _own.Revoking(leaf).CrlsPem }; // in our authority's name
        await using var server = await ServerAsync(app, hostile);
        await using var client = await ClientAsync(server, TlsIdentity.Create(leaf, [], [_own.Bundle]));

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("http://b/")).Status);
    }

    [Fact]
    public void The_lists_come_to_the_sidecar_beside_the_roots_of_their_mesh()
    {
        using var leaf = _west.Issue(_west.IdOf("a"));
        var validator = new SPIFFECertValidatorConfig();
        validator.TrustDomains.Add(Named(_own.Bundle));
        validator.TrustDomains.Add(Named(_west.Revoking(leaf)));
        var secret = new Secret
        {
            ValidationContext = new CertificateValidationContext
            {
                CustomValidatorConfig = new TypedExtensionConfig { TypedConfig = Any.Pack(validator) },
            },
        };

        var read = SecretReader.Read(secret, _own.TrustDomain, FieldPath.Root);
        var trust = Assert.IsType<SecretContent.Roots>(read).Trust;
        using var own = _own.Issue(_own.IdOf("b"));
        var identity = TlsIdentity.Create(own, [], trust.Bundles);

        Assert.NotNull(identity.Revoked.In("west.local").Find(leaf));
        Assert.Equal(0, identity.Revoked.In("cluster.local").Count);
        Assert.Single(identity.Roots["west.local"]);
    }

    private static SPIFFECertValidatorConfig.Types.TrustDomain Named(TrustBundle bundle) => new()
    {
        Name = bundle.TrustDomain.Name,
        TrustBundle = new DataSource { InlineString = string.Concat(bundle.RootsPem.AddRange(bundle.CrlsPem).Select(p => $"{p}\n")) },
    };

    private static TrustBundle Foreign(TrustBundle bundle) => bundle with { IsLocal = false };

    private Task<TestProxy> ServerAsync(EchoBackend app, TrustBundle west) => TestProxy.StartAsync(
        Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app)),
        TlsIdentity.Create(_own.Issue(_own.IdOf("b")), [], [_own.Bundle, west]));

    private Task<TestProxy> ClientAsync(TestProxy server, TlsIdentity identity) => TestProxy.StartAsync(
        Models.Outbound(Models.Table(Models.To("m")), Models.Mesh("m", server.InboundPort, _own.IdOf("b"))), identity);
}
