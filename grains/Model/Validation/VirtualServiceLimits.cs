using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Evaluation;
using HeaderOperations = MeshOrleans.Model.Config.HeaderOperations;

namespace MeshOrleans.Model.Validation;

/// <summary>What of a VirtualService this version's sidecars cannot do.</summary>
internal static class VirtualServiceLimits
{
    public static void Check(VirtualService service, FieldPath spec, RuleReport report)
    {
        foreach (var (i, route) in service.Http.Index()) CheckRoute(route, spec.At("http").At(i), report);
    }

    private static void CheckRoute(HttpRoute route, FieldPath path, RuleReport report)
    {
        CheckHeaders(route.Headers, path.At("headers"), report);
        foreach (var (i, target) in route.Route.Index())
        {
            CheckHeaders(target.Headers, path.At("route").At(i).At("headers"), report);
        }

        CheckRewrite(route.Rewrite?.UriRegexRewrite, path.At("rewrite").At("uriRegexRewrite"), report);
    }

    private static void CheckRewrite(RegexRewrite? regex, FieldPath path, RuleReport report)
    {
        if (regex is null || !Understands(() => Re2Pattern.CompileSearch(regex.Match))) return; // told elsewhere
        if (Understands(() => new PathRewrite.OfRegex(regex.Match, regex.Rewrite))) return;
        report.Unsupported(
            path.At("rewrite"),
            "a backslash without the number of a group that match has",
            "write \\1 for the first group, \\\\ for a backslash");
    }

    private static void CheckHeaders(HeaderOperations headers, FieldPath path, RuleReport report)
    {
        CheckValues(headers.Request.Set, path.At("request").At("set"), report);
        CheckValues(headers.Request.Add, path.At("request").At("add"), report);
        CheckValues(headers.Response.Set, path.At("response").At("set"), report);
        CheckValues(headers.Response.Add, path.At("response").At("add"), report);
    }

    private static void CheckValues(ImmutableSortedDictionary<string, string> values, FieldPath path, RuleReport report)
    {
        foreach (var (name, value) in values)
        {
            if (Understands(() => HeaderValueTemplate.Parse(value))) continue;
            report.Unsupported(
                path.At(name), $"the formatter in \"{value}\"", "use %REQ(name)%, %RESP(name)%, %PROTOCOL%, "
                    + "%DOWNSTREAM_REMOTE_ADDRESS%, %DOWNSTREAM_PEER_URI_SAN% or %UPSTREAM_CLUSTER%");
        }
    }

    private static bool Understands<T>(Func<T> read)
    {
        try
        {
            _ = read();
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
