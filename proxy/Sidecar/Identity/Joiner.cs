using System.Text;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// Gets certificates: the first one by join token, later ones by the certificate in use, or by its key when it has ended.
/// </summary>
internal sealed class Joiner(
    SidecarSettings settings,
    IdentityHolder holder,
    TrustBundleClient bundles,
    CertificateClient certificates,
    TimeProvider clock)
{
    private const int MaxBundleBytes = 1 << 20;
    private readonly TokenSource _tokens = new(settings);

    /// <summary>The first certificate, or the first one after the last has ended.</summary>
    /// <exception cref="IdentityException">There is none this time.</exception>
    public Task JoinAsync(GatewayAttempt attempt, CancellationToken cancellationToken) => holder.Ended is { } ended
        ? ReattestAsync(attempt, ended, cancellationToken)
        : JoinByTokenAsync(attempt, cancellationToken);

    // The token last: it is good once, and most likely used.
    private async Task ReattestAsync(GatewayAttempt attempt, Svid ended, CancellationToken cancellationToken)
    {
        try
        {
            var identity = holder.Current;
            Take(attempt, await certificates.RequestAsync(attempt, identity, ended, cancellationToken));
        }
        catch (IdentityException refusal) when (refusal.IsRefusal && _tokens.IsGiven)
        {
            try
            {
                await JoinByTokenAsync(attempt, cancellationToken);
            }
            catch (IdentityException exception)
            {
                throw new IdentityException(
                    $"{exception.Message}. Before that, by the key of the certificate that ended at {ended.NotAfter:u}: "
                    + refusal.Message);
            }
        }
    }

    private async Task JoinByTokenAsync(GatewayAttempt attempt, CancellationToken cancellationToken)
    {
        var token = _tokens.Read();
        if (token is null && !holder.Current.IsValid(clock.GetUtcNow()))
        {
            throw new IdentityException(
                "there is neither a valid certificate in the state directory nor a join token; "
                + "give one with --token-file");
        }

        var (trust, problem) = await TrustAsync(attempt, token, cancellationToken);
        if (trust is not null) holder.Offer(trust);
        try
        {
            await RequestAsync(attempt, holder.Current, token, cancellationToken);
        }
        catch (IdentityException exception) when (problem is not null)
        {
            throw new IdentityException($"{exception.Message}. And {problem}");
        }
    }

    /// <summary>The next certificate.</summary>
    /// <exception cref="IdentityException">There is none this time.</exception>
    public Task RenewAsync(GatewayAttempt attempt, CancellationToken cancellationToken) =>
        RequestAsync(attempt, holder.Current, token: null, cancellationToken);

    private async Task RequestAsync(
        GatewayAttempt attempt, SidecarIdentity identity, JoinToken? token, CancellationToken cancellationToken)
    {
        Take(attempt, await certificates.RequestAsync(attempt, identity, token, cancellationToken));
    }

    private void Take(GatewayAttempt attempt, string chain)
    {
        if (holder.Offer(chain) is IdentityOutcome.Rejected rejected)
        {
            throw new IdentityException($"{attempt.Gateway} has signed something else: {rejected.Reason}");
        }
    }

    // A file that the operator names wins; then the pin of the token; then what was learned before, here or by a former
    // process. The root that a token pins may have been replaced since it was minted, and what was learned since is no worse.
    private async Task<(Trust? Trust, string? Problem)> TrustAsync(
        GatewayAttempt attempt, JoinToken? token, CancellationToken cancellationToken)
    {
        if (settings.TrustBundleFile is { } path) return (ReadFile(path), null);
        var isKnown = holder.Current.Trust is not null;
        if (token is null)
        {
            return isKnown
                ? (null, null)
                : throw new IdentityException(
                    "nothing says whom to trust; give a join token with --token-file, or roots with --trust-bundle");
        }

        try
        {
            return (await bundles.FetchAsync(attempt, token, cancellationToken), null);
        }
        catch (IdentityException exception) when (isKnown)
        {
            return (null, exception.Message);
        }
    }

    private Trust ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBundleBytes)
            {
                throw new IdentityException($"--trust-bundle {path} is larger than {MaxBundleBytes} bytes");
            }

            var bytes = File.ReadAllBytes(path);
            var problem = bytes.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8)
                ? TrustFileFormat.TryRead(bytes, out var trust)
                : Trust.TryCreate(
                    settings.TrustDomain, [new TrustBundle(
                        settings.TrustDomain, [Encoding.UTF8.GetString(bytes)], 0, IsLocal: true)], out trust);
            return problem is null
                ? trust!
                : throw new IdentityException($"--trust-bundle {path} cannot be used: {problem}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"--trust-bundle {path} cannot be read: {exception.Message}");
        }
    }
}
