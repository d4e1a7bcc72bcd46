using System.Net.Sockets;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;

namespace MeshOrleans.Silo.Issuers;

/// <summary>
/// Connects to where keys are, and nowhere that is not allowed: the address that is connected to is the one that was
/// looked at, so that no second answer of DNS can lead elsewhere.
/// </summary>
/// <param name="network">Looks names up, and knows the machine's own addresses.</param>
/// <param name="settings">What the mesh allows.</param>
internal sealed class IssuerConnection(IssuerNetwork network, IssuerKeySettings settings)
{
    /// <summary>For the handler of an HTTP client.</summary>
    /// <exception cref="KeyFetchException">The host has no address, or none that is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var known = await network.Resolve(host, cancellationToken);
        var allowed = known.Where(address => IssuerAddresses.Allows(settings, host, address, network.IsOwn)).ToArray();
        if (allowed.Length == 0)
        {
            throw new KeyFetchException(known.Length == 0
                ? $"{host} has no address."
                : $"{host} is not on the public Internet, and not in issuerKeys.allowedHosts of the MeshConfig.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
