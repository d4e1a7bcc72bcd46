using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Federation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Federation;

/// <summary>Whoever answers where another mesh is looked for gets no further than the root that the token pins.</summary>
public sealed class PeerClientTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // both in one text
    public async Task Of_the_roots_that_a_server_names_only_the_pinned_one_is_believed(bool together)
    {
        using var real = Root("real");
        using var foreign = Root("foreign");
        string[] roots = [real.ExportCertificatePem(), foreign.ExportCertificatePem()];
        if (together) roots = [string.Join('\n', roots)];

        var bundle = await ReadAsync(roots, JoinToken.PinOf(real));

        Assert.Equal(real.ExportCertificatePem(), Assert.Single(bundle.Roots));
    }

    [Fact]
    public async Task Without_the_pinned_root_nobody_is_believed()
    {
        using var real = Root("real");
        using var foreign = Root("foreign");

        await Assert.ThrowsAsync<PeerException>(() => ReadAsync([foreign.ExportCertificatePem()], JoinToken.PinOf(real)));
        await Assert.ThrowsAsync<PeerException>(
            () => ReadAsync(["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"], JoinToken.PinOf(real)));
    }

    private static async Task<BundleAnswer> ReadAsync(string[] roots, string pin)
    {
        using var certificate = Root("server");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        await using var app = builder.Build();
        app.MapGet("/v1/trust-bundle", () => Results.Json(new { trustDomain = "other.mesh", roots, sequence = 1 }));
        await app.StartAsync();
        var client = new PeerClient(Options.Create(new FederationOptions()), TimeProvider.System);
        return await client.ReadBundleAsync($"127.0.0.1:{new Uri(app.Urls.First()).Port}", pin, CancellationToken.None);
    }

    private static X509Certificate2 Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
