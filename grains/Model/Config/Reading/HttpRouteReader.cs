using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;

namespace MeshOrleans.Model.Config.Reading;

internal static class HttpRouteReader
{
    public static HttpRoute Read(ObjectReader reader) => new()
    {
        Name = reader.Text("name"),
        Match = reader.List("match", Match),
        Route = reader.List("route", Destination),
        Redirect = reader.Object("redirect", Redirect),
        DirectResponse = reader.Object("directResponse", DirectResponse),
        Delegate = reader.Object("delegate", inner => new HttpDelegate(inner.Text("name"), inner.Text("namespace"))),
        Rewrite = reader.Object("rewrite", Rewrite),
        Timeout = reader.Duration("timeout"),
        Retries = reader.Object("retries", CommonReader.Retry),
        Fault = reader.Object(
            "fault", inner => new HttpFault(inner.Object("delay", Delay), inner.Object("abort", Abort))),
        Mirror = reader.Object("mirror", CommonReader.Destination),
        Mirrors = reader.List("mirrors", inner => new HttpMirror(
            inner.Object("destination", CommonReader.Destination), inner.Percent("percentage"))),
        MirrorPercentage = reader.Percent("mirrorPercentage")
            ?? OldPercent(reader, "mirrorPercent", "mirrorPercentage"),
        CorsPolicy = reader.Object("corsPolicy", Cors),
        Headers = reader.Object("headers", Headers) ?? HeaderOperations.None,
    };

    private static HttpMatch Match(ObjectReader reader) => new()
    {
        Name = reader.Text("name"),
        Uri = reader.Object("uri", CommonReader.StringMatch),
        Scheme = reader.Object("scheme", CommonReader.StringMatch),
        Method = reader.Object("method", CommonReader.StringMatch),
        Authority = reader.Object("authority", CommonReader.StringMatch),
        Headers = LowerCase(reader.ObjectMap("headers", CommonReader.HeaderMatch)),
        WithoutHeaders = LowerCase(reader.ObjectMap("withoutHeaders", CommonReader.HeaderMatch)),
        QueryParams = reader.ObjectMap("queryParams", CommonReader.StringMatch),
        Port = reader.Integer("port"),
        SourceLabels = reader.TextMap("sourceLabels"),
        SourceNamespace = reader.Text("sourceNamespace"),
        Gateways = reader.Texts("gateways"),
        IgnoreUriCase = reader.Flag("ignoreUriCase"),
        StatPrefix = reader.Text("statPrefix"),
    };

    /// <summary>Header names compare without regard to case; claims (<c>@request.auth…</c>) do not.</summary>
    public static ImmutableSortedDictionary<string, StringMatch> LowerCase(
        ImmutableSortedDictionary<string, StringMatch> headers)
    {
        var lower = EmptyMap.Of<StringMatch>().ToBuilder();
        foreach (var (name, match) in headers) lower[name.StartsWith('@') ? name : name.ToLowerInvariant()] = match;
        return lower.ToImmutable();
    }

    private static HttpRouteDestination Destination(ObjectReader reader) => new(
        reader.Object("destination", CommonReader.Destination),
        reader.Integer("weight") ?? 0,
        reader.Object("headers", Headers) ?? HeaderOperations.None);

    private static HttpRedirect Redirect(ObjectReader reader) => new()
    {
        Uri = reader.Text("uri"),
        PrefixRewrite = reader.Text("prefixRewrite"),
        Authority = reader.Text("authority"),
        Scheme = reader.Text("scheme"),
        Port = reader.Integer("port"),
        DerivePort = reader.Choice<RedirectPortSelection>("derivePort"),
        RedirectCode = reader.Integer("redirectCode"),
    };

    private static HttpDirectResponse DirectResponse(ObjectReader reader) =>
        new(reader.Integer("status") ?? 0, reader.Object("body", Body)?.Bytes ?? []);

    private static ResponseBody Body(ObjectReader reader)
    {
        var (text, bytes) = (reader.OptionalText("string"), reader.OptionalText("bytes"));
        if (text is not null && bytes is not null) reader.Report("", "only one of string and bytes may be set");
        if (bytes is null) return new ResponseBody([.. Encoding.UTF8.GetBytes(text ?? "")]);
        if (Base64.IsValid(bytes)) return new ResponseBody([.. Convert.FromBase64String(bytes)]);
        reader.Report("bytes", "is no base64");
        return new ResponseBody([]);
    }

    private static HttpRewrite Rewrite(ObjectReader reader) => new(
        reader.Text("uri"),
        reader.Text("authority"),
        reader.Object("uriRegexRewrite", inner => new RegexRewrite(inner.Text("match"), inner.Text("rewrite"))));

    private static HttpDelay Delay(ObjectReader reader) => new(
        reader.Percent("percentage") ?? OldPercent(reader, "percent", "percentage"),
        reader.Duration("fixedDelay"),
        reader.Duration("exponentialDelay"));

    private static HttpAbort Abort(ObjectReader reader) => new(
        reader.Percent("percentage"),
        reader.Integer("httpStatus"),
        reader.Text("grpcStatus"),
        reader.Text("http2Error"));

    private static double? OldPercent(ObjectReader reader, string old, string current)
    {
        if (reader.Integer(old) is not { } percent) return null;
        reader.Warn(old, $"{old} is deprecated: write {current}: {{ value: {percent} }}", Findings.DeprecatedCode);
        return percent;
    }

    private static CorsPolicy Cors(ObjectReader reader)
    {
        var origins = reader.List("allowOrigins", CommonReader.StringMatch);
        var old = reader.Texts("allowOrigin");
        if (!old.IsEmpty)
        {
            reader.Warn("allowOrigin", "allowOrigin is deprecated: use allowOrigins", Findings.DeprecatedCode);
        }
        return new CorsPolicy
        {
            AllowOrigins = origins.IsEmpty ? [.. old.Select(OldOrigin)] : origins,
            AllowMethods = reader.Texts("allowMethods"),
            AllowHeaders = reader.Texts("allowHeaders"),
            ExposeHeaders = reader.Texts("exposeHeaders"),
            MaxAge = reader.Duration("maxAge"),
            AllowCredentials = reader.OptionalFlag("allowCredentials"),
            UnmatchedPreflights = reader.Choice<UnmatchedPreflights>("unmatchedPreflights") ?? default,
        };
    }

    private static StringMatch OldOrigin(string origin) =>
        origin == "*" ? StringMatch.Regex(".*") : StringMatch.Exact(origin);

    private static HeaderOperations Headers(ObjectReader reader) => new(
        reader.Object("request", Changes) ?? HeaderChanges.None,
        reader.Object("response", Changes) ?? HeaderChanges.None);

    private static HeaderChanges Changes(ObjectReader reader) => new()
    {
        Set = reader.TextMap("set"),
        Add = reader.TextMap("add"),
        Remove = reader.Texts("remove"),
    };

    private sealed record ResponseBody(ImmutableArray<byte> Bytes);
}
