using System.Text;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>Gets certificates: the first one by join token, later ones by the certificate in use.</summary>
internal sealed class Joiner(
    SidecarSettings settings, IdentityHolder holder, TrustBundleClient bundles, CertificateClient certificates)
{
    private const int MaxBundleBytes = 1 << 20;
    private readonly TokenSource _tokens = new(settings);

    /// <summary>The first certificate.</summary>
    /// <exception cref="IdentityException">There is none this time.</exception>
    public async Task JoinAsync(GatewayAttempt attempt, CancellationToken cancellationToken)
    {
        var token = _tokens.Read();
        if (await TrustAsync(attempt, token, cancellationToken) is { } trust) holder.Offer(trust);
        var identity = holder.Current;
        if (token is null && identity.Svid is null)
        {
            throw new IdentityException(
                "there is neither a valid certificate in the state directory nor a join token; "
                + "give one with --token-file");
        }

        await RequestAsync(attempt, identity, token, cancellationToken);
    }

    /// <summary>The next certificate.</summary>
    /// <exception cref="IdentityException">There is none this time.</exception>
    public Task RenewAsync(GatewayAttempt attempt, CancellationToken cancellationToken) =>
        RequestAsync(attempt, holder.Current, token: null, cancellationToken);

    private async Task RequestAsync(
        GatewayAttempt attempt, SidecarIdentity identity, JoinToken? token, CancellationToken cancellationToken)
    {
        var chain = await certificates.RequestAsync(attempt, identity, token, cancellationToken);
        if (holder.Offer(chain) is IdentityOutcome.Rejected rejected)
        {
            throw new IdentityException($"{attempt.Gateway} has signed something else: {rejected.Reason}");
        }
    }

    // A file that the operator names wins; then the pin of the token; then what a former process has learned.
    private async Task<Trust?> TrustAsync(GatewayAttempt attempt, JoinToken? token, CancellationToken cancellationToken)
    {
        if (settings.TrustBundleFile is { } path) return ReadFile(path);
        if (token is not null) return await bundles.FetchAsync(attempt, token, cancellationToken);
        return holder.Current.Trust is null
            ? throw new IdentityException(
                "nothing says whom to trust; give a join token with --token-file, or roots with --trust-bundle")
            : null;
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
