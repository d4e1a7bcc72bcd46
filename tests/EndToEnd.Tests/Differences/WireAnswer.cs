using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>What came back over the wire.</summary>
/// <param name="Status">The status; 0 where the connection was closed instead.</param>
/// <param name="Headers">The headers; names in lower case.</param>
/// <param name="Body">The body, without chunks.</param>
internal sealed record WireAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The connection was closed instead of an answer.</summary>
    public static WireAnswer Closed { get; } = new(0, new Dictionary<string, string>(), "");

    /// <summary>Whether the application has answered.</summary>
    public bool IsEcho => Headers.ContainsKey("x-echo-version");

    /// <summary>The workload that has answered, by what its echo says; empty for a proxy.</summary>
    public string Workload => !IsEcho ? ""
        : Headers["x-echo-service"] == "b" ? $"b-{Headers["x-echo-version"]}" : Headers["x-echo-service"];

    /// <summary>The echo's account of the request that it saw; null without a body.</summary>
    public JsonElement? Echo => IsEcho && Body.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(Body) : null;

    /// <summary>Sends a request byte by byte as it was drawn, which no client library does.</summary>
    public static async Task<WireAnswer> OfAsync(int port, DrawnRequest request, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        await using Stream stream = request.ServerName is null ? client.GetStream() : new SslStream(client.GetStream(), leaveInnerStreamOpen: false);
        if (stream is SslStream tls)
        {
            try
            {
                await tls.AuthenticateAsClientAsync(TlsOf(request.ServerName!), cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException)
            {
                return Closed;
            }
        }

        var head = new StringBuilder($"{request.Method} {(request.IsAbsolute ? $"{(request.ServerName is null ? "http" : "HTTPS")}://{request.Host}" : "")}{request.Target} HTTP/1.1\r\n");
        head.Append($"Host: {request.Host}\r\nConnection: close\r\n");
        foreach (var (name, value) in request.Headers) head.Append($"{name}: {value}\r\n");
        if (request.Method.ToUpperInvariant() is "POST" or "PATCH") head.Append("Content-Length: 0\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{head}\r\n"), cancellationToken);
        using var all = new MemoryStream();
        try
        {
            await stream.CopyToAsync(all, cancellationToken);
        }
        catch (IOException)
        {
            // a reset after, or instead of, an answer
        }

        return Read(Encoding.Latin1.GetString(all.ToArray()));
    }

    /// <summary>A handshake that takes whatever certificate the server has.</summary>
    public static SslClientAuthenticationOptions TlsOf(string serverName) => new()
    {
        TargetHost = serverName,
        RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
    };

    private static WireAnswer Read(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return new WireAnswer(0, new Dictionary<string, string>(), text);
        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2))
            .GroupBy(pair => pair[0].ToLowerInvariant(), pair => pair[1].Trim())
            .ToDictionary(group => group.Key, group => string.Join(',', group));
        var body = text[(end + 4)..];
        return new WireAnswer(
            int.Parse(lines[0].Split(' ')[1]),
            headers,
            headers.GetValueOrDefault("transfer-encoding") == "chunked" ? Unchunked(body) : body);
    }

    private static string Unchunked(string body)
    {
        var whole = new StringBuilder();
        for (var at = 0; at < body.Length;)
        {
            var end = body.IndexOf("\r\n", at, StringComparison.Ordinal);
            var length = Convert.ToInt32(body[at..end], 16);
            if (length == 0) break;
            whole.Append(body, end + 2, length);
            at = end + 2 + length + 2;
        }

        return whole.ToString();
    }
}
