using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Silo.Issuers;

/// <summary>
/// Fetches keys of issuers. Whoever may write a policy chooses what is called, and whoever is called chooses what is
/// answered, so all is bounded: who is called (<see cref="IssuerConnection"/>), how long, how much is read, how often
/// it leads elsewhere. No error repeats what was answered.
/// </summary>
/// <param name="network">Looks names up, and knows the machine's own addresses.</param>
/// <param name="clock">Measures the time.</param>
/// <param name="tls">Says more about whom to believe; null for the roots of the machine.</param>
internal sealed class KeySetClient(
    IssuerNetwork network,
    TimeProvider clock,
    Action<SslClientAuthenticationOptions>? tls = null)
{
    private const int MaxRedirects = 3;
    private const int MaxHeaderKilobytes = 16;
    private const int MaxHandedOn = 32 * 1024; // it goes to every proxy that checks such tokens

    /// <summary>Fetches a set. What is secret in it, and what is of another kind, is left out.</summary>
    /// <exception cref="KeyFetchException">There is none, or it may not be fetched.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want it any more.</exception>
    public async Task<JsonWebKeySet> FetchAsync(
        KeySource source, IssuerKeySettings settings, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(source.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var http = Client(source, settings);
        try
        {
            var address = source.Address;
            if (KeySource.IssuerOf(address) is { } issuer)
            {
                address = AddressIn(await ReadAsync(http, address, settings, either.Token), issuer);
            }

            return Keys(await ReadAsync(http, address, settings, either.Token));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KeyFetchException(
                $"{source.Address} has not answered in full within {source.Timeout.TotalSeconds} s.", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Refusal(exception)
                ?? new KeyFetchException($"{source.Address} cannot be called: {WordOf(exception)}.", exception);
        }
        catch (Exception exception) when (exception is not KeyFetchException and not OperationCanceledException)
        {
            // whatever it is, it counts as a failure: only those end keys that are too old
            throw new KeyFetchException($"What {source.Address} answered could not be read.", exception);
        }
    }

    private static async Task<string> ReadAsync(
        HttpClient http, string address, IssuerKeySettings settings, CancellationToken cancellationToken)
    {
        var uri = new Uri(address);
        for (var redirects = 0; ; redirects++)
        {
            if (uri.Scheme != Uri.UriSchemeHttps && settings.AllowHttp is not true)
            {
                throw new KeyFetchException(
                    $"{uri.Authority} would be called without TLS; the MeshConfig does not have issuerKeys.allowHttp.");
            }

            using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (Next(uri, response) is not { } next) return await BodyAsync(uri, response, cancellationToken);
            if (redirects == MaxRedirects) throw new KeyFetchException($"{uri.Authority} redirects again and again.");
            uri = next;
        }
    }

    // Only within the very same host, port and scheme: else the policy can name the other one itself.
    private static Uri? Next(Uri uri, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)) return null;
        if (response.Headers.Location is not { } location || !Uri.TryCreate(uri, location, out var next))
        {
            throw new KeyFetchException($"{uri.Authority} redirects nowhere.");
        }

        return (next.Scheme, next.Authority, next.UserInfo) == (uri.Scheme, uri.Authority, "")
            ? next
            : throw new KeyFetchException($"{uri.Authority} redirects to another host, port or scheme.");
    }

    private static async Task<string> BodyAsync(
        Uri uri, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is not HttpStatusCode.OK)
        {
            throw new KeyFetchException($"{uri.Authority} answered {(int)response.StatusCode}.");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[4096];
        for (var length = 0; ;)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(length), cancellationToken);
            if (read == 0) return Encoding.UTF8.GetString(bytes, 0, length);
            length += read;
            if (length > JsonWebKeySet.MaxBytes)
            {
                throw new KeyFetchException($"{uri.Authority} answered more than {JsonWebKeySet.MaxBytes} bytes.");
            }

            if (length == bytes.Length) Array.Resize(ref bytes, 2 * length);
        }
    }

    private static string AddressIn(string document, string issuer)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            var said = Text(json.RootElement, "issuer");
            if (said?.TrimEnd('/') != issuer)
            {
                throw new KeyFetchException($"The discovery document of {issuer} is that of another issuer.");
            }

            return Text(json.RootElement, "jwks_uri") is { } address && KeySource.TryParse(address, out _)
                ? address
                : throw new KeyFetchException(
                    $"The discovery document of {issuer} has no jwks_uri, or one that is no address.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new KeyFetchException($"The discovery document of {issuer} is no JSON.", exception);
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind is JsonValueKind.Object
        && json.TryGetProperty(name, out var value)
        && value.ValueKind is JsonValueKind.String
            ? value.GetString()
            : null;

    private static JsonWebKeySet Keys(string text)
    {
        if (!JsonWebKeySet.TryParse(text, out var keys, out var problem))
        {
            throw new KeyFetchException($"What was answered is no set of keys: {problem}.");
        }

        if (keys.Keys.IsEmpty)
        {
            throw new KeyFetchException(keys.LeftOut is [var first, ..]
                ? $"None of the keys can be used; {first}."
                : "The set has no keys.");
        }

        return keys.ToPublicText().Length > MaxHandedOn
            ? throw new KeyFetchException($"The keys are more than {MaxHandedOn} characters.")
            : keys;
    }

    // Texts of the runtime repeat what was answered; its words for what went wrong do not.
    private static string WordOf(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket) return $"{socket.SocketErrorCode}";
            if (inner is AuthenticationException) return "its certificate is not good, or it speaks no TLS";
        }

        return exception is HttpRequestException http ? $"{http.HttpRequestError}" : "it broke off";
    }

    private static KeyFetchException? Refusal(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is KeyFetchException refusal) return refusal;
        }

        return null;
    }

    private HttpClient Client(KeySource source, IssuerKeySettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false, // a proxy would connect to whatever it likes
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            ConnectTimeout = source.Timeout,
            ConnectCallback = new IssuerConnection(network, settings).ConnectAsync,
        };
        handler.SslOptions.CertificateChainPolicy = PeerChainPolicy.Offline();
        tls?.Invoke(handler.SslOptions);
        return new HttpClient(handler, disposeHandler: true) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }
}
