#if !MESH_ENGINE_ORLEANS
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Tests.Hosting;

/// <summary>The first thing that a process asks of the grains, when they do not answer in time.</summary>
public sealed class ServingCertificateTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task A_start_waits_for_an_authority_that_does_not_answer_at_first()
    {
        var grains = new SlowAuthority(_clock, silent: 3);
        using var certificate = Make(grains);

        await StartAsync(certificate);

        Assert.NotNull(certificate.Current);
        Assert.Equal(4, grains.Asked);
        await certificate.StopAsync(default);
    }

    [Fact]
    public async Task A_start_does_not_wait_for_ever()
    {
        using var certificate = Make(new SlowAuthority(_clock, silent: int.MaxValue));

        var exception = await Assert.ThrowsAsync<IOException>(() => StartAsync(certificate));

        Assert.Contains("certificate authority", StartupFailure.Explain(exception), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_another_root_signs_there_is_another_certificate_within_seconds()
    {
        var grains = new SlowAuthority(_clock, silent: 0);
        using var certificate = Make(grains);
        await StartAsync(certificate);
        var first = certificate.Current;
        await GoOnAsync(() => grains.Asked >= 3);
        Assert.Same(first, certificate.Current);

        grains.Root = "second";
        var begin = _clock.GetUtcNow();
        await GoOnAsync(() => certificate.Current != first);

        Assert.True(_clock.GetUtcNow() - begin <= TimeSpan.FromSeconds(10));
        await certificate.StopAsync(default);
    }

    private async Task GoOnAsync(Func<bool> isDone)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!isDone())
        {
            Assert.False(limit.IsCancellationRequested, "Nothing happens.");
            if (_clock.PendingTimers > 0) _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private ServingCertificate Make(IGrainFactory grains) =>
        new(grains, Options.Create(new SiloOptions()), new SnapshotHolder(), _clock, NullLogger<ServingCertificate>.Instance);

    // Time goes on whenever the start waits.
    private async Task StartAsync(ServingCertificate certificate)
    {
        var start = certificate.StartAsync(default);
        await GoOnAsync(() => start.IsCompleted);
        await start;
    }

    /// <summary>An authority whose first calls are given up.</summary>
    private sealed class SlowAuthority(TimeProvider clock, int silent) : IGrainFactory, ICertificateAuthorityGrain
    {
        public int Asked { get; private set; }

        public string Root { get; set; } = "first";

        public TGrain GetGrain<TGrain>(string primaryKey, string? grainClassNamePrefix = null)
            where TGrain : IGrainWithStringKey => (TGrain)(object)this;

        public Task<AuthorityBundle> GetBundleAsync(CancellationToken cancellationToken) =>
            Asked++ < silent
                ? Task.FromException<AuthorityBundle>(new TimeoutException("Response did not arrive on time."))
                : Task.FromResult(new AuthorityBundle("cluster.local", [], 1, Root));

        public Task<SignResult> SignAsync(SignRequest request, CancellationToken cancellationToken)
        {
            var (from, to) = (clock.GetUtcNow(), clock.GetUtcNow().AddDays(1));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var signer = new CertificateRequest("CN=signer", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
            using var leaf = CertificateRequest
                .LoadSigningRequest(request.Csr.AsSpan(), HashAlgorithmName.SHA256, out _)
                .Create(signer.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, to, [1]);
            return Task.FromResult<SignResult>(new SignResult.Signed(
                [leaf.ExportCertificatePem(), signer.ExportCertificatePem()], "01", signer.Subject, from, to));
        }

        public Task<ExamineResult> ExamineAsync(SignRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<AuthorityView> DescribeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RotationResult> RotateAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RotationResult> ForceAsync(AuthorityPhase phase, long sequence, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<RotationResult> TurnBackAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RevokeResult> RevokeAsync(RevokeRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ImmutableArray<RevocationView>> ListRevokedAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
#endif
