namespace MeshOrleans.Model.Config.Reading;

internal static class SidecarReader
{
    public static Sidecar Read(ObjectReader reader) => new()
    {
        WorkloadSelector = reader.Object("workloadSelector", CommonReader.Labels),
        Ingress = reader.List("ingress", Ingress),
        Egress = reader.List("egress", Egress),
        InboundConnectionPool = reader.Object("inboundConnectionPool", ConnectionPoolReader.Read),
        OutboundTrafficPolicy = reader.Object("outboundTrafficPolicy", Outbound),
    };

    public static OutboundTrafficPolicy Outbound(ObjectReader reader) => new(
        reader.Choice<OutboundTrafficMode>("mode"),
        reader.Object("egressProxy", CommonReader.Destination));

    private static SidecarIngress Ingress(ObjectReader reader) => new()
    {
        Port = reader.Object("port", CommonReader.NamedPort),
        Bind = reader.Text("bind"),
        CaptureMode = reader.Choice<CaptureMode>("captureMode") ?? default,
        DefaultEndpoint = reader.Text("defaultEndpoint"),
        Tls = reader.Object("tls", TlsReader.Server),
        ConnectionPool = reader.Object("connectionPool", ConnectionPoolReader.Read),
    };

    private static SidecarEgress Egress(ObjectReader reader) => new()
    {
        Port = reader.Object("port", CommonReader.NamedPort),
        Bind = reader.Text("bind"),
        CaptureMode = reader.Choice<CaptureMode>("captureMode") ?? default,
        Hosts = reader.Texts("hosts"),
    };
}
