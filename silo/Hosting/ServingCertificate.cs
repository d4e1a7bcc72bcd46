using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// The control plane's own certificate, with which the TLS port answers: signed by its own authority under
/// <c>…/ns/istio-system/sa/mesh-control-plane</c> with the DNS names clients call, renewed at half its life, when
/// the roots change or another one signs, and when it is revoked. New handshakes get the newest one; connections that stand are not touched.
/// </summary>
internal sealed partial class ServingCertificate(
    IGrainFactory grains,
    IOptions<SiloOptions> options,
    SnapshotHolder snapshots,
    TimeProvider clock,
    ILogger<ServingCertificate> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    // The first calls of a process are given up easily: on a busy machine, or when a silo has just died.
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StartPause = TimeSpan.FromSeconds(1);
    // How often the authority is asked which root signs: nobody else keeps it awake while roots change.
    private static readonly TimeSpan RootPeriod = TimeSpan.FromSeconds(5);
    private volatile SslStreamCertificateContext? _context;
    private volatile AuthorityBundle? _authority;
    private (string? RootPem, long Sequence) _issuer;
    private DateTimeOffset _nextRenewal;

    /// <summary>What to answer handshakes with; null until the authority has signed the first one.</summary>
    public SslStreamCertificateContext? Current => _context;

    /// <summary>What the authority has last said of itself; null until it has.</summary>
    public AuthorityBundle? Authority => _authority;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _nextRenewal = await IssueFirstAsync(cancellationToken); // without a certificate the TLS port would only refuse
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = _nextRenewal - clock.GetUtcNow();
            if (wait > TimeSpan.Zero) await Task.Delay(wait < RootPeriod ? wait : RootPeriod, clock, stoppingToken);
            try
            {
                if (await IsDueAsync(stoppingToken)) _nextRenewal = await RenewAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogRenewalFailed(exception, RetryDelay);
                _nextRenewal = clock.GetUtcNow() + RetryDelay;
            }
        }
    }

    private async Task<DateTimeOffset> IssueFirstAsync(CancellationToken cancellationToken)
    {
        for (var begin = clock.GetTimestamp(); ; await Task.Delay(StartPause, clock, cancellationToken))
        {
            try
            {
                return await RenewAsync(cancellationToken);
            }
            catch (Exception exception) when (
                !cancellationToken.IsCancellationRequested
                && (PassingFailure.Is(exception) || exception is OperationCanceledException))
            {
                if (clock.GetElapsedTime(begin) > StartPatience)
                {
                    throw new IOException(
                        $"the certificate authority has not answered for {StartPatience.TotalSeconds:F0} s: "
                        + PassingFailure.Reason(exception),
                        exception);
                }

                LogWaiting(PassingFailure.Reason(exception));
            }
        }
    }

    // Whether another root signs can wait until the authority answers; that the time is over cannot.
    private async Task<bool> IsDueAsync(CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() >= _nextRenewal || IsRevoked()) return true;
        try
        {
            var authority = grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);
            _authority = await authority.GetBundleAsync(cancellationToken);
            return (_authority.SigningRootPem, _authority.Sequence) != _issuer; // a link may have come to the same root
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogRootUnknown(PassingFailure.Reason(exception));
            return false;
        }
    }

    private bool IsRevoked() =>
        _context is { } context
        && RevokedCertificates.Of(snapshots.Current.LocalBundle).Find(context.TargetCertificate) is not null;

    private async Task<DateTimeOffset> RenewAsync(CancellationToken cancellationToken)
    {
        var authority = grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);
        var bundle = await authority.GetBundleAsync(cancellationToken); // before: a root that signs since then is seen next time
        _authority = bundle;
        var domain = TrustDomain.Parse(bundle.TrustDomain);
        var id = ControlPlaneIdentity.Of(domain);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=mesh-control-plane", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        string[] names = [.. new[] { "localhost", "127.0.0.1", options.Value.Bind, options.Value.AdvertisedHost }
            .Where(n => n.Length > 0 && n is not ("0.0.0.0" or "::")).Distinct(StringComparer.Ordinal)];
        var request = new SignRequest(id.ToString(), [.. csr], Lifetime: null, [.. names]);
        if (await authority.SignAsync(request, cancellationToken) is not SignResult.Signed signed)
        {
            throw new InvalidOperationException("The authority refused to sign the control plane's own certificate.");
        }

        _context = ContextFor(signed, key);
        _issuer = (bundle.SigningRootPem, bundle.Sequence);
        LogRenewed(signed.Serial, signed.NotAfter);
        return signed.NotBefore + (signed.NotAfter - signed.NotBefore) / 2;
    }

    private static SslStreamCertificateContext ContextFor(SignResult.Signed signed, ECDsa key)
    {
        using var leaf = X509Certificate2.CreateFromPem(signed.ChainPem[0]);
        var rest = new X509Certificate2Collection();
        foreach (var pem in signed.ChainPem[1..]) rest.Add(X509Certificate2.CreateFromPem(pem));
        return SslStreamCertificateContext.Create(leaf.CopyWithPrivateKey(key), rest, offline: true);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Waiting for the certificate authority, without which nobody can be served: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Which root signs is not known at the moment: {Reason}")]
    private partial void LogRootUnknown(string reason);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Serving certificate {Serial} is in place until {NotAfter}.")]
    private partial void LogRenewed(string serial, DateTimeOffset notAfter);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "The serving certificate could not be renewed; next attempt in {Delay}.")]
    private partial void LogRenewalFailed(Exception exception, TimeSpan delay);
}
