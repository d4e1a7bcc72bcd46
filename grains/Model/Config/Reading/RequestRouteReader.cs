using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads HTTPRoute and GRPCRoute (gateway.networking.k8s.io).</summary>
internal static class RequestRouteReader
{
    private const int DefaultAttempts = 2;

    public static RequestRoute Http(ObjectReader reader) => new()
    {
        ParentRefs = reader.List("parentRefs", RouteReferenceReader.Parent),
        Hostnames = reader.Texts("hostnames"),
        Rules = reader.Has("rules") ? reader.List("rules", rule => Read(rule, HttpRule)) : [new RequestRule()],
    };

    public static RequestRoute Grpc(ObjectReader reader) => new()
    {
        ParentRefs = reader.List("parentRefs", RouteReferenceReader.Parent),
        Hostnames = reader.Texts("hostnames"),
        Rules = reader.Has("rules") ? reader.List("rules", rule => Read(rule, GrpcRule)) : [new RequestRule()],
    };

    private static RequestRule Read(ObjectReader reader, Func<ObjectReader, RequestRule> read)
    {
        const string Persistence = "sessionPersistence";
        if (reader.Has(Persistence))
        {
            reader.Accept(Persistence);
            reader.Report(
                Persistence,
                $"{Persistence} is experimental and not supported: use consistentHash of a DestinationRule, by cookie "
                    + "or header, for the host of the backend");
        }

        return read(reader);
    }

    private static RequestRule GrpcRule(ObjectReader reader) => new()
    {
        Name = reader.Text("name"),
        Matches = reader.List("matches", GrpcMatch),
        Filters = reader.List("filters", RequestFilterReader.Read),
        Backends = reader.List("backendRefs", RouteReferenceReader.Backend),
    };

    private static RequestMatch GrpcMatch(ObjectReader reader)
    {
        var call = reader.Object("method", inner => new GrpcCall(
            inner.Word("type", "Exact", "RegularExpression") == "RegularExpression",
            inner.Text("service"),
            inner.Text("method")));
        return new RequestMatch
        {
            Path = call?.ToPath() ?? RequestMatch.Everything.Path,
            Headers = Conditions(reader, "headers"),
            Call = call,
        };
    }

    private static RequestRule HttpRule(ObjectReader reader)
    {
        var timeouts = reader.Object("timeouts", inner =>
            new Timeouts(inner.Duration("request"), inner.Duration("backendRequest")));
        return new RequestRule
        {
            Name = reader.Text("name"),
            Matches = reader.List("matches", HttpMatch),
            Filters = reader.List("filters", RequestFilterReader.Read),
            Backends = reader.List("backendRefs", RouteReferenceReader.Backend),
            RequestTimeout = timeouts?.Request,
            BackendTimeout = timeouts?.Backend,
            Retry = reader.Object("retry", Retry),
        };
    }

    private static RequestMatch HttpMatch(ObjectReader reader) => new()
    {
        Path = reader.Object("path", Path) ?? RequestMatch.Everything.Path,
        Headers = Conditions(reader, "headers"),
        QueryParams = Conditions(reader, "queryParams"),
        Method = reader.Text("method"),
    };

    private static StringMatch Path(ObjectReader reader)
    {
        var value = reader.OptionalText("value") ?? "/";
        return reader.Word("type", "PathPrefix", "Exact", "RegularExpression") switch
        {
            "Exact" => StringMatch.Exact(value),
            "RegularExpression" => StringMatch.Regex(value),
            _ => StringMatch.PathPrefix(value),
        };
    }

    private static ImmutableArray<NamedMatch> Conditions(ObjectReader reader, string name) =>
        reader.List(name, inner =>
        {
            var isRegex = inner.Word("type", "Exact", "RegularExpression") == "RegularExpression";
            var value = inner.Text("value");
            return new NamedMatch(inner.Text("name"), isRegex ? StringMatch.Regex(value) : StringMatch.Exact(value));
        });

    /// <summary>
    /// A connection that fails or breaks, and an answer that does not come in time, are tried again too: that the codes do not
    /// say. Source: Gateway API, HTTPRouteRetry.
    /// </summary>
    private static HttpRetry Retry(ObjectReader reader) => new()
    {
        Attempts = reader.Integer("attempts") ?? DefaultAttempts,
        RetryOn = string.Join(
            ',',
            ["connect-failure", "refused-stream", "reset", .. reader.Integers("codes").Select(code => code.ToString(CultureInfo.InvariantCulture))]),
        Backoff = reader.Duration("backoff"),
    };

    private sealed record Timeouts(TimeSpan? Request, TimeSpan? Backend);
}
