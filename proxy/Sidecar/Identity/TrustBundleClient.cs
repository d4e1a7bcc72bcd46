using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// First contact: the roots are public, so they are fetched from whoever answers; the pin of the join token says which
/// of them to believe, and only those.
/// </summary>
internal sealed class TrustBundleClient(TimeProvider clock)
{
    private const int MaxBytes = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Fetches the roots and keeps the pinned ones.</summary>
    /// <exception cref="IdentityException">
    /// The control plane does not answer, or is another one; fit for the log.
    /// </exception>
    public async Task<Trust> FetchAsync(GatewayAttempt attempt, JoinToken token, CancellationToken cancellationToken)
    {
        var gateway = attempt.Gateway;
        var bytes = await DownloadAsync(attempt, cancellationToken);
        if (TrustFileFormat.TryRead(bytes, out var offered) is { } problem)
        {
            throw new IdentityException($"{gateway} has no usable trust bundle: {problem}");
        }

        // A root beside the pinned one is not vouched for by the token; SDS brings it once the server has proved
        // itself.
        var pinned = offered!.OwnRoots.Where(
            r => JoinToken.PinOf(r) == token.RootPin).Select(r => r.ExportCertificatePem()).ToArray();
        if (pinned.Length == 0)
        {
            throw new IdentityException(
                $"{gateway} does not have the root that the join token pins, {token.RootPin}; it has "
                + $"{string.Join(", ", offered.OwnRoots.Select(JoinToken.PinOf))}. Either the token is for another control plane, "
                + "or its root has been replaced since it was minted: mint a new token");
        }

        var bundle = new TrustBundle(offered.Own, [.. pinned], offered.Bundles[0].Sequence, IsLocal: true);
        return Trust.TryCreate(offered.Own, [bundle], out var trust) is { } reason
            ? throw new IdentityException(reason)
            : trust!;
    }

    private async Task<byte[]> DownloadAsync(GatewayAttempt attempt, CancellationToken cancellationToken)
    {
        var gateway = attempt.Gateway;
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = attempt.ConnectTimeout,
        };
        handler.SslOptions.CertificateChainPolicy = PeerChainPolicy.Offline();

        // the pin decides, see above
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null;
        using var client =
            new HttpClient(handler) { MaxResponseContentBufferSize = MaxBytes, Timeout = Timeout.InfiniteTimeSpan };
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await client.GetByteArrayAsync(new Uri(gateway.Https, "/v1/trust-bundle"), either.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new IdentityException(
                $"{gateway} does not give its trust bundle: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // So ends a connection that is not made in time, too.
            throw new IdentityException($"{gateway} has not given its trust bundle in time");
        }
    }
}
