using System.Net.Security;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>The protocol names by which sidecars know each other.</summary>
public static class MeshAlpn
{
    /// <summary>The mesh, whatever is spoken in it.</summary>
    public static readonly SslApplicationProtocol Istio = new("istio");
    /// <summary>HTTP/2 in the mesh.</summary>
    public static readonly SslApplicationProtocol IstioHttp2 = new("istio-h2");
    /// <summary>HTTP/1.1 in the mesh.</summary>
    public static readonly SslApplicationProtocol IstioHttp11 = new("istio-http/1.1");
    /// <summary>HTTP/1.0 in the mesh.</summary>
    public static readonly SslApplicationProtocol IstioHttp10 = new("istio-http/1.0");
    /// <summary>Who sends it would tell its metadata, too.</summary>
    public static readonly SslApplicationProtocol PeerExchange = new("istio-peer-exchange");

    /// <summary>HTTP by its own names, the newer version first.</summary>
    public static readonly List<SslApplicationProtocol> Http =
        [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    private static readonly SslApplicationProtocol[] All = [IstioHttp2, Istio, IstioHttp11, IstioHttp10, PeerExchange];

    /// <summary>True when HTTP/2 is spoken after a handshake, by its own name or in the mesh's.</summary>
    public static bool IsHttp2(SslApplicationProtocol negotiated) =>
        negotiated == SslApplicationProtocol.Http2 || negotiated == IstioHttp2;

    /// <summary>True when requests are spoken after a handshake, of whatever version.</summary>
    public static bool IsHttp(SslApplicationProtocol negotiated) =>
        Http.Contains(negotiated) || negotiated == IstioHttp2 || negotiated == IstioHttp11 || negotiated == IstioHttp10;

    /// <summary>True when a client that offers this protocol is a sidecar.</summary>
    public static bool IsMesh(ReadOnlySpan<byte> protocol)
    {
        foreach (var known in All)
        {
            if (protocol.SequenceEqual(known.Protocol.Span)) return true;
        }

        return false;
    }
}
