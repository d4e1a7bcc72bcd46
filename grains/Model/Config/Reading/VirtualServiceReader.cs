namespace MeshOrleans.Model.Config.Reading;

internal static class VirtualServiceReader
{
    public static VirtualService Read(ObjectReader reader) => new()
    {
        Hosts = reader.Texts("hosts"),
        Gateways = reader.Texts("gateways"),
        Http = reader.List("http", HttpRouteReader.Read),
        Tls = reader.List("tls", inner => new TlsRoute(
            inner.List("match", TlsMatch), inner.List("route", Weighted))),
        Tcp = reader.List("tcp", inner => new TcpRoute(
            inner.List("match", TcpMatch), inner.List("route", Weighted))),
        ExportTo = reader.Texts("exportTo"),
    };

    private static WeightedDestination Weighted(ObjectReader reader) =>
        new(reader.Object("destination", CommonReader.Destination), reader.Integer("weight") ?? 0);

    private static L4Match TlsMatch(ObjectReader reader) => Match(reader) with { SniHosts = reader.Texts("sniHosts") };

    private static L4Match TcpMatch(ObjectReader reader) =>
        Match(reader) with { SourceSubnet = reader.Text("sourceSubnet") };

    private static L4Match Match(ObjectReader reader) => new()
    {
        DestinationSubnets = reader.Texts("destinationSubnets"),
        Port = reader.Integer("port"),
        SourceLabels = reader.TextMap("sourceLabels"),
        Gateways = reader.Texts("gateways"),
        SourceNamespace = reader.Text("sourceNamespace"),
    };
}
