namespace MeshOrleans.Model.Config.Reading;

internal static class GatewayReader
{
    public static Gateway Read(ObjectReader reader) => new()
    {
        Servers = reader.List("servers", Server),
        Selector = reader.TextMap("selector"),
    };

    private static GatewayServer Server(ObjectReader reader) => new()
    {
        Port = reader.Object("port", CommonReader.NamedPort),
        Bind = reader.Text("bind"),
        Hosts = reader.Texts("hosts"),
        Tls = reader.Object("tls", TlsReader.Server),
        DefaultEndpoint = reader.Text("defaultEndpoint"),
        Name = reader.Text("name"),
    };
}
