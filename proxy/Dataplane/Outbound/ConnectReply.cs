using System.Text;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>The answers to a CONNECT. All but the first end the connection, or in HTTP/2 the stream.</summary>
internal static class ConnectReply
{
    private static readonly byte[] Accepted = "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray();

    /// <summary>The tunnel begins; what follows are its bytes.</summary>
    public static async ValueTask AcceptAsync(ConnectionContext connection)
    {
        if (connection is StreamTunnel stream) await stream.AcceptAsync().ConfigureAwait(false);
        else await connection.Transport.Output.WriteAsync(Accepted).ConfigureAwait(false);
    }

    /// <summary>Says why there is no tunnel.</summary>
    /// <param name="connection">The caller.</param>
    /// <param name="status">The status.</param>
    /// <param name="body">The reason in words; may be empty.</param>
    /// <param name="isOverloaded">A limit of the cluster was the reason.</param>
    public static async ValueTask RefuseAsync(
        ConnectionContext connection, int status, string body, bool isOverloaded = false)
    {
        if (connection is StreamTunnel stream)
        {
            await stream.RefuseAsync(status, body, isOverloaded).ConfigureAwait(false);
            return;
        }

        var overloaded = isOverloaded ? $"{HopHeaders.Overloaded}: true\r\n" : "";
        var type = body.Length > 0 ? "content-type: text/plain\r\n" : "";
        await connection.Transport.Output.WriteAsync(Encoding.Latin1.GetBytes(
            $"HTTP/1.1 {status} {Reason(status)}\r\n{overloaded}{type}content-length: {body.Length}\r\n"
            + $"connection: close\r\n\r\n{body}")).ConfigureAwait(false);
    }

    /// <summary>The body that says what the flags say.</summary>
    public static string BodyOf(ResponseFlags flags) => flags switch
    {
        ResponseFlags.UpstreamOverflow => LocalReply.Overflow,
        ResponseFlags.UpstreamConnectFailure => LocalReply.ConnectFailure,
        ResponseFlags.NoHealthyUpstream => LocalReply.NoHealthyUpstream,
        _ => "",
    };

    private static string Reason(int status) => status switch
    {
        400 => "Bad Request",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        _ => "Service Unavailable",
    };
}
