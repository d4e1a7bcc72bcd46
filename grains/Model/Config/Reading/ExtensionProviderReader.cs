namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads whom proxies ask.</summary>
internal static class ExtensionProviderReader
{
    public static ExtensionProvider Provider(ObjectReader reader) => new(
        reader.Text("name"), reader.Object("envoyExtAuthzHttp", Http), reader.Object("envoyExtAuthzGrpc", Grpc));

    private static ExternalAuthorizer Grpc(ObjectReader reader) => new()
    {
        Service = reader.Text("service"),
        Port = reader.Integer("port"),
        Timeout = reader.Duration("timeout"),
        FailOpen = reader.Flag("failOpen"),
        StatusOnError = reader.OptionalText("statusOnError"),
        ClearRouteCache = reader.Flag("clearRouteCache"),
        Body = reader.Object("includeRequestBodyInCheck", body => new AuthorizerBody(
            body.Integer("maxRequestBytes"), body.Flag("allowPartialMessage"), body.Flag("packAsBytes"))),
    };

    private static ExternalAuthorizer Http(ObjectReader reader)
    {
        var (named, former) = (reader.Texts("includeRequestHeadersInCheck"), reader.Texts("includeHeadersInCheck"));
        return Grpc(reader) with
        {
            PathPrefix = reader.Text("pathPrefix"),
            RequestHeaders = named.IsEmpty ? former : named,
            AdditionalHeaders = reader.TextMap("includeAdditionalHeadersInCheck"),
            ToUpstreamOnAllow = reader.Texts("headersToUpstreamOnAllow"),
            ToDownstreamOnDeny = reader.Texts("headersToDownstreamOnDeny"),
            ToDownstreamOnAllow = reader.Texts("headersToDownstreamOnAllow"),
        };
    }
}
