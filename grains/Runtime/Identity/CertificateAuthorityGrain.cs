using System.Security.Cryptography;
using MeshOrleans.Model.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains.Identity;

[KeepAlive]
internal sealed partial class CertificateAuthorityGrain(
    [PersistentState("authority", StorageNames.Mesh)] IPersistentState<AuthorityState> store,
    IAuthorityKeyStore keys,
    IOptions<MeshOptions> mesh,
    IOptions<AuthorityOptions> options,
    TimeProvider clock,
    ILogger<CertificateAuthorityGrain> logger) : Grain, ICertificateAuthorityGrain, IDisposable
{
    private readonly TrustDomain _domain = TrustDomain.Parse(mesh.Value.TrustDomain);
    private AuthorityMaterial _material = null!;
    private SigningAuthority? _authority;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _material = await keys.LoadAsync(cancellationToken) ?? await CreateAsync(cancellationToken);
        _authority = new SigningAuthority(_material, mesh.Value, options.Value);
        await RenewSignerAsync(cancellationToken);
        await store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);
        var next = store.State.WithRoots(_domain, [_authority.RootPem]);
        if (next != store.State) await this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());
    }

    public Task<ExamineResult> ExamineAsync(SignRequest request, CancellationToken cancellationToken)
    {
        if (_authority!.WhyNot(request, clock.GetUtcNow()) is not { } reason)
        {
            return Task.FromResult<ExamineResult>(
                new ExamineResult.Acceptable(_authority.LifetimeOf(request), store.State.Sequence));
        }

        LogRefused(request.SpiffeId, reason);
        return Task.FromResult<ExamineResult>(new ExamineResult.Refused(reason));
    }

    public async Task<SignResult> SignAsync(SignRequest request, CancellationToken cancellationToken)
    {
        await RenewSignerAsync(cancellationToken);
        var result = _authority!.Sign(request, clock.GetUtcNow());
        switch (result)
        {
            case SignResult.Signed signed:
                var csr = Convert.ToHexString(SHA256.HashData(request.Csr.AsSpan()));
                LogSigned(signed.Serial, request.SpiffeId, csr, signed.Issuer, signed.NotAfter);
                break;
            case SignResult.Refused refused:
                LogRefused(request.SpiffeId, refused.Reason);
                break;
        }

        return result;
    }

    public Task<AuthorityBundle> GetBundleAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new AuthorityBundle(_domain.Name, store.State.RootsPem, store.State.Sequence));

    public void Dispose() => _authority?.Dispose();

    private async Task<AuthorityMaterial> CreateAsync(CancellationToken cancellationToken)
    {
        LogCreating(_domain.Name);
        return await keys.CreateAsync(AuthorityCertificates.Create(_domain, clock.GetUtcNow()), cancellationToken);
    }

    private async Task RenewSignerAsync(CancellationToken cancellationToken)
    {
        if (!_authority!.NeedsNewSigner(clock.GetUtcNow())) return;
        var renewed = AuthorityCertificates.WithNewSigner(_material, _domain, clock.GetUtcNow());
        _material = await keys.ReplaceSignerAsync(_material, renewed, cancellationToken);
        _authority?.Dispose();
        _authority = new SigningAuthority(_material, mesh.Value, options.Value);
        LogSignerRenewed(_domain.Name);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Creating the certificate authority of {TrustDomain}.")]
    private partial void LogCreating(string trustDomain);

    [LoggerMessage(Level = LogLevel.Information, Message = "The signing certificate of {TrustDomain} was renewed.")]
    private partial void LogSignerRenewed(string trustDomain);

    // The audit trail of signatures: one line for each, before anybody has the certificate. Its form is relied upon.
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Signed {Serial} for {SpiffeId}: request {CsrHash}, issuer {Issuer}, valid until {NotAfter:O}.")]
    private partial void LogSigned(
        string serial, string spiffeId, string csrHash, string issuer, DateTimeOffset notAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A certificate for {SpiffeId} was refused: {Reason}")]
    private partial void LogRefused(string spiffeId, string reason);
}
