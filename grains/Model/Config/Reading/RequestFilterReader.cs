using System.Collections.Immutable;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads filters of HTTPRoute and GRPCRoute: a type, and one field that belongs to it.</summary>
internal static class RequestFilterReader
{
    private const string RequestHeaders = "RequestHeaderModifier";
    private const string ResponseHeaders = "ResponseHeaderModifier";
    private const string Redirect = "RequestRedirect";
    private const string Rewrite = "URLRewrite";
    private const string Mirror = "RequestMirror";
    private const string Cors = "CORS";
    private const string Extension = "ExtensionRef";

    public static RequestFilter Read(ObjectReader reader)
    {
        var type = reader.Text("type");
        RequestFilter?[] given =
        [
            Field<RequestFilter>(reader, type, RequestHeaders, "requestHeaderModifier",
                inner => new RequestFilter.RequestHeaders(Changes(inner))),
            Field<RequestFilter>(reader, type, ResponseHeaders, "responseHeaderModifier",
                inner => new RequestFilter.ResponseHeaders(Changes(inner))),
            Field<RequestFilter>(reader, type, Redirect, "requestRedirect", ReadRedirect),
            Field<RequestFilter>(reader, type, Rewrite, "urlRewrite",
                inner => new RequestFilter.Rewrite(inner.Text("hostname"), inner.Object("path", Path))),
            Field<RequestFilter>(reader, type, Mirror, "requestMirror", ReadMirror),
            Field<RequestFilter>(reader, type, Cors, "cors", inner => new RequestFilter.Cors(Policy(inner))),
            Field<RequestFilter>(reader, type, Extension, "extensionRef", inner =>
            {
                inner.Accept("group", "kind", "name");
                return new RequestFilter.Unknown(Extension);
            }),
        ];
        if (type is not (RequestHeaders or ResponseHeaders or Redirect or Rewrite or Mirror or Cors or Extension))
        {
            reader.Report(type.Length > 0 ? "type" : "", type.Length > 0
                ? $"\"{type}\" is no filter: there are {RequestHeaders}, {ResponseHeaders}, {Redirect}, {Rewrite}, "
                    + $"{Mirror}, {Cors} and {Extension}"
                : "a filter needs a type");
        }

        return given.FirstOrDefault(filter => filter is not null) ?? new RequestFilter.Unknown(type);
    }

    private static T? Field<T>(
        ObjectReader reader, string type, string own, string name, Func<ObjectReader, T> read)
        where T : class
    {
        var value = reader.Object(name, read);
        if (type == own && value is null && !reader.Has(name))
        {
            reader.Report("", $"a filter of type {type} needs {name}");
        }

        if (type == own || value is null) return type == own ? value : null;
        reader.Report(name, $"{name} belongs to the type {own}, not to \"{type}\"");
        return null;
    }

    private static RequestFilter.Redirect ReadRedirect(ObjectReader reader) => new()
    {
        Scheme = reader.Text("scheme"),
        Hostname = reader.Text("hostname"),
        Path = reader.Object("path", Path),
        Port = reader.Integer("port"),
        StatusCode = reader.Integer("statusCode") ?? 302,
    };

    private static RequestFilter.Mirror ReadMirror(ObjectReader reader)
    {
        var (percent, fraction) = (reader.Integer("percent"), reader.Object("fraction", inner =>
            new Fraction(inner.Integer("numerator") ?? 0, inner.Integer("denominator") ?? 100)));
        if (percent is not null && fraction is not null)
        {
            reader.Report("fraction", "only one of percent and fraction may be set");
        }

        if (fraction is { Denominator: <= 0 } or { Numerator: < 0 } || fraction?.Numerator > fraction?.Denominator)
        {
            reader.Report("fraction", "must be from 0 to 1");
            fraction = null;
        }

        return new RequestFilter.Mirror(
            reader.Object("backendRef", RouteReferenceReader.Target),
            fraction is null ? percent : 100.0 * fraction.Numerator / fraction.Denominator);
    }

    private static PathChange Path(ObjectReader reader)
    {
        var type = reader.Word("type", "ReplaceFullPath", "ReplacePrefixMatch");
        if (!reader.Has("type")) reader.Report("", "a change of the path needs a type");
        var (full, prefix) = (reader.OptionalText("replaceFullPath"), reader.OptionalText("replacePrefixMatch"));
        var ofPrefix = type == "ReplacePrefixMatch";
        if ((ofPrefix ? prefix : full) is null || (ofPrefix ? full : prefix) is not null)
        {
            var own = ofPrefix ? "replacePrefixMatch" : "replaceFullPath";
            reader.Report("", $"a change of type {type} has {own} and nothing else");
        }

        return new PathChange(ofPrefix, (ofPrefix ? prefix : full) ?? "");
    }

    private static HeaderChanges Changes(ObjectReader reader) => new()
    {
        Set = Values(reader, "set"),
        Add = Values(reader, "add"),
        Remove = reader.Texts("remove"),
    };

    /// <summary>Names compare without regard to case, and of two values for one name the first counts.</summary>
    private static ImmutableSortedDictionary<string, string> Values(ObjectReader reader, string name)
    {
        var values = EmptyMap.Text.ToBuilder();
        foreach (var (header, value) in reader.NamedValues(name)) values.TryAdd(header.ToLowerInvariant(), value);
        return values.ToImmutable();
    }

    private static CorsPolicy Policy(ObjectReader reader) => new()
    {
        AllowOrigins = [.. reader.Texts("allowOrigins").Select(Origin)],
        AllowMethods = reader.Texts("allowMethods"),
        AllowHeaders = reader.Texts("allowHeaders"),
        ExposeHeaders = reader.Texts("exposeHeaders"),
        MaxAge = TimeSpan.FromSeconds(reader.Integer("maxAge") ?? 5),
        AllowCredentials = reader.OptionalFlag("allowCredentials"),
        UnmatchedPreflights = UnmatchedPreflights.Ignore,
    };

    /// <summary>An origin may have one wildcard in front of its host, which goes over dots.</summary>
    private static StringMatch Origin(string origin)
    {
        if (origin == "*") return StringMatch.Regex(".*");
        var star = origin.IndexOf('*');
        if (star < 0) return StringMatch.Exact(origin);
        return StringMatch.Regex($"{RegexText.Quote(origin[..star])}.+{RegexText.Quote(origin[(star + 1)..])}");
    }

    private sealed record Fraction(int Numerator, int Denominator);
}
