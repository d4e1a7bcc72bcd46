namespace MeshOrleans.Model.Config.Reading;

internal static class ProxyConfigReader
{
    public static ProxyConfig Read(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        Concurrency = reader.Integer("concurrency"),
        EnvironmentVariables = reader.TextMap("environmentVariables"),
        ImageType = reader.Object("image", inner => inner.Text("imageType")),
    };
}
