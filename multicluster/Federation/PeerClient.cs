using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Identity.Revocation;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// Calls another mesh's control plane over its TLS port, and believes nobody but that mesh's authority.
/// </summary>
public sealed class PeerClient(IOptions<FederationOptions> options, TimeProvider clock)
{
    private const int MaxAnswer = 32 << 20;

    /// <summary>
    /// Reads the trust bundle of the control plane at an address, and of its roots the one that a token pins: those beside
    /// it are nobody's word until the server has proved itself by this one.
    /// </summary>
    /// <exception cref="PeerException">Nobody answers there, or somebody else does.</exception>
    public async Task<BundleAnswer> ReadBundleAsync(string address, string rootPin, CancellationToken cancellationToken)
    {
        // The connection proves nothing yet; the pin does.
        using var client = Client(address, (_, certificate, _, _) => certificate is not null, credential: null);
        var bundle = await CallAsync(
            address,
            () => client.GetFromJsonAsync<BundleAnswer>("/v1/trust-bundle", FederationJson.Options, cancellationToken));
        return PinnedOf(bundle, rootPin) is { } pinned
            ? bundle with { Roots = [pinned] }
            : throw new PeerException(
                $"The control plane at {address} does not have the root that the token pins, {rootPin}. Either another mesh "
                + "minted the token, or its root has been replaced since: have a new one minted.");
    }

    private static string? PinnedOf(BundleAnswer bundle, string rootPin)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            foreach (var pem in bundle.Roots.IsDefault ? [] : bundle.Roots) roots.ImportFromPem(pem);
            return roots.FirstOrDefault(root => JoinToken.PinOf(root) == rootPin)?.ExportCertificatePem();
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            foreach (var root in roots) root.Dispose();
        }
    }

    /// <summary>Asks the other mesh for a link.</summary>
    /// <exception cref="PeerException">It refused, or did not answer.</exception>
    public async Task<LinkAnswer> LinkAsync(
        string address, BundleAnswer bundle, JoinToken token, LinkRequest request, CancellationToken cancellationToken)
    {
        using var client = Client(address, Trusting(bundle.Roots, bundle.TrustDomain), token.Reveal());
        return await CallAsync(address, async () =>
        {
            using var response = await client.PostAsJsonAsync(
                "/v1/federation/links", request, FederationJson.Options, cancellationToken);
            await EnsureAsync(response, address, cancellationToken);
            return await response.Content.ReadFromJsonAsync<LinkAnswer>(FederationJson.Options, cancellationToken);
        });
    }

    /// <summary>Reads everything the other mesh exports.</summary>
    /// <exception cref="PeerException">It refused, or did not answer.</exception>
    public async Task<ExportAnswer> ReadExportsAsync(LinkTerms terms, CancellationToken cancellationToken)
    {
        using var client = Client(terms.Address, Trusting(terms.RootsPem, terms.TrustDomain), terms.OutboundCredential);
        return await CallAsync(terms.Address, async () =>
        {
            using var response = await client.GetAsync("/v1/federation/exports", cancellationToken);
            await EnsureAsync(response, terms.Address, cancellationToken);
            return await response.Content.ReadFromJsonAsync<ExportAnswer>(FederationJson.Options, cancellationToken);
        });
    }

    private RemoteCertificateValidationCallback Trusting(ImmutableArray<string> roots, string trustDomain)
    {
        var trust = new PeerTrust(
            trustDomain,
            roots,
            RevokedCertificates.Of(options.Value.Snapshot().Bundles.GetValueOrDefault(trustDomain)),
            clock);
        return (_, certificate, chain, _) => trust.Accepts(certificate, chain);
    }

    private static async Task<T> CallAsync<T>(string address, Func<Task<T?>> call)
        where T : class
    {
        try
        {
            return await call() ?? throw new PeerException($"The control plane at {address} answered null.");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or TaskCanceledException)
        {
            var reason = exception.InnerException?.Message ?? exception.Message;
            throw new PeerException($"The control plane at {address} cannot be called: {reason}", exception);
        }
    }

    private static async Task EnsureAsync(
        HttpResponseMessage response, string address, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode) return;
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new PeerException(
            $"The control plane at {address} answered {(int)response.StatusCode}: {DetailOf(text)}");
    }

    private static string DetailOf(string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(problem);
            return document.RootElement.TryGetProperty("detail", out var detail) ? detail.ToString() : problem;
        }
        catch (JsonException)
        {
            return problem.Length > 200 ? problem[..200] : problem;
        }
    }

    private HttpClient Client(string address, RemoteCertificateValidationCallback validate, string? credential)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = options.Value.CallTimeout,
            SslOptions =
            {
                CertificateChainPolicy = PeerChainPolicy.Offline(), RemoteCertificateValidationCallback = validate,
            },
        };
        var client = new HttpClient(handler, disposeHandler: true)
        {
            BaseAddress = new Uri($"https://{address}"),
            Timeout = options.Value.CallTimeout,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        if (credential is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        }

        return client;
    }
}
