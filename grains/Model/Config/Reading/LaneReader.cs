namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads lanes.</summary>
internal static class LaneReader
{
    public static Lane Read(ObjectReader reader) => new()
    {
        Labels = reader.TextMap("labels"),
        Hosts = reader.Texts("hosts"),
        Match = reader.List("match", Match),
        Fallback = reader.Choice<LaneFallback>("fallback") ?? default,
    };

    /// <summary>The conditions of a VirtualService that speak of the request, and of nothing else.</summary>
    private static HttpMatch Match(ObjectReader reader) => new()
    {
        Uri = reader.Object("uri", CommonReader.StringMatch),
        Method = reader.Object("method", CommonReader.StringMatch),
        Authority = reader.Object("authority", CommonReader.StringMatch),
        Headers = HttpRouteReader.LowerCase(reader.ObjectMap("headers", CommonReader.HeaderMatch)),
        WithoutHeaders = HttpRouteReader.LowerCase(reader.ObjectMap("withoutHeaders", CommonReader.HeaderMatch)),
        QueryParams = reader.ObjectMap("queryParams", CommonReader.StringMatch),
        IgnoreUriCase = reader.Flag("ignoreUriCase"),
    };
}
