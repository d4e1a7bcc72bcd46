using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>A client of HTTP/2 that leaves the target as it was drawn.</summary>
internal static class Http2Client
{
    private static readonly UriCreationOptions AsItStands = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Sends a request on a connection of its own.</summary>
    public static async Task<WireAnswer> SendAsync(int port, DrawnRequest drawn, CancellationToken cancellationToken)
    {
        using var client = new HttpMessageInvoker(HandlerOf(port, drawn.ServerName));
        using var request = RequestOf(drawn);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            var body = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
                .Concat(response.TrailingHeaders.NonValidated)
                .GroupBy(h => h.Key.ToLowerInvariant(), h => string.Join(',', h.Value))
                .ToDictionary(h => h.Key, h => string.Join(',', h));
            return new WireAnswer((int)response.StatusCode, headers, body);
        }
        catch (HttpRequestException exception) when (exception.InnerException is HttpProtocolException { ErrorCode: 1 })
        {
            // reset with PROTOCOL_ERROR, which RFC 9113 section 8.1.1 has in the place of 400
            return WireAnswer.Closed with { Status = 400 };
        }
        catch (HttpRequestException)
        {
            return WireAnswer.Closed;
        }
    }

    private static SocketsHttpHandler HandlerOf(int port, string? serverName)
    {
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                var stream = new NetworkStream(socket, ownsSocket: true);
                if (serverName is null) return stream;

                // not the handler's own handshake, which asks for whom the Host header names
                var tls = new SslStream(stream, leaveInnerStreamOpen: false);
                var options = WireAnswer.TlsOf(serverName);
                options.ApplicationProtocols = [SslApplicationProtocol.Http2];
                await tls.AuthenticateAsClientAsync(options, cancellationToken);
                return tls;
            },
        };
    }

    private static HttpRequestMessage RequestOf(DrawnRequest drawn)
    {
        var request = new HttpRequestMessage(new HttpMethod(drawn.Method), new Uri($"http://h2.invalid{drawn.Target}", AsItStands))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = drawn.Host;
        if (drawn.Method.ToUpperInvariant() is "POST" or "PATCH") request.Content = new ByteArrayContent([]);
        foreach (var (name, value) in drawn.Headers)
        {
            if (request.Headers.TryAddWithoutValidation(name, value)) continue;
            request.Content ??= new ByteArrayContent([]);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
