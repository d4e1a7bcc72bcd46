using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads TLSRoute and TCPRoute (gateway.networking.k8s.io).</summary>
internal static class ConnectionRouteReader
{
    public static ConnectionRoute Tls(ObjectReader reader) => Tcp(reader) with { Hostnames = reader.Texts("hostnames") };

    public static ConnectionRoute Tcp(ObjectReader reader) => new()
    {
        ParentRefs = reader.List("parentRefs", RouteReferenceReader.Parent),
        Rules = reader.List("rules", Rule),
    };

    private static ConnectionRule Rule(ObjectReader reader) =>
        new(reader.Text("name"), reader.List("backendRefs", RouteReferenceReader.Share));
}
