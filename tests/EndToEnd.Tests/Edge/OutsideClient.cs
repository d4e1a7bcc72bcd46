using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Edge;

/// <summary>Somebody who is no member of the mesh and comes to its edge.</summary>
internal sealed class OutsideClient(OutsideAuthority authority, int plainPort, int tlsPort)
{
    /// <summary>Whatever host it asks for, the gateway is there: on one port for http, on another for https.</summary>
    public async Task<(int Code, string Service, string Location)> GetAsync(
        string url, X509Certificate2? certificate = null, string? token = null)
    {
        var target = new Uri(url);
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                var port = context.InitialRequestMessage.RequestUri!.Scheme == "https" ? tlsPort : plainPort;
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.CertificateChainPolicy = Trusting();
        if (certificate is not null) handler.SslOptions.ClientCertificates = [certificate];
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var response = await client.GetAsync(target);
        var service = response.Headers.TryGetValues("x-echo-service", out var values) ? values.Single() : "";
        return ((int)response.StatusCode, service, response.Headers.Location?.OriginalString ?? "");
    }

    /// <summary>
    /// The serial number of the certificate that is shown for a name. Throws <see cref="IOException"/> where the
    /// connection is closed instead, also if its reset comes before it was seen to be open.
    /// </summary>
    public async Task<string> SerialAsync(string serverName)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, tlsPort);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            throw new IOException(exception.Message, exception);
        }

        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            CertificateChainPolicy = Trusting(),
        });
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    /// <summary>Waits until a certificate is shown: the gateway looks for new ones once a second.</summary>
    public async Task ShowsAsync(string serverName, string serial, GatewayMember gateway)
    {
        var last = "";
        for (var end = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < end; await Task.Delay(50))
        {
            try
            {
                last = await SerialAsync(serverName);
                if (last == serial) return;
            }
            catch (IOException exception)
            {
                last = exception.Message;
            }
        }

        throw new TimeoutException($"The certificate {serial} is not shown, but {last}.\n{gateway.Process.Tail()}");
    }

    private X509ChainPolicy Trusting() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        CustomTrustStore = { authority.Root },
    };
}
