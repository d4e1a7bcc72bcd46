using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of the filters of HTTPRoute and GRPCRoute.</summary>
internal static class RequestFilterRules
{
    private const int MaxPath = 1024;
    private const int MaxOrigin = 253;

    /// <summary>The filters of a rule, each kind at most once but for mirrors, and what they ask of the rule.</summary>
    public static void Check(RequestRule rule, FieldPath path, RuleReport report)
    {
        var seen = new HashSet<Type>();
        foreach (var (i, filter) in rule.Filters.Index())
        {
            var at = path.At("filters").At(i);
            if (filter is not (RequestFilter.Mirror or RequestFilter.Unknown) && !seen.Add(filter.GetType()))
            {
                report.Error(at, "there is more than one filter of this type");
            }

            CheckFilter(filter, rule, at, report);
        }

        if (!seen.Contains(typeof(RequestFilter.Redirect))) return;
        report.ErrorIf(
            seen.Contains(typeof(RequestFilter.Rewrite)),
            path.At("filters"),
            "a rule that redirects cannot rewrite: RequestRedirect and URLRewrite exclude each other");
        report.ErrorIf(
            !rule.Backends.IsEmpty, path.At("backendRefs"), "a rule that redirects leads nowhere: leave backendRefs out");
    }

    /// <summary>The filters that make sense for gRPC calls: those of headers, and copies.</summary>
    public static void CheckOfCalls(RequestRoute route, FieldPath spec, RuleReport report)
    {
        foreach (var (i, rule) in route.Rules.Index())
        {
            foreach (var (j, filter) in rule.Filters.Index())
            {
                report.ErrorIf(
                    filter is RequestFilter.Redirect or RequestFilter.Rewrite or RequestFilter.Cors,
                    spec.At("rules").At(i).At("filters").At(j).At("type"),
                    "a GRPCRoute has no filter of this type");
            }
        }
    }

    /// <summary>On the way to one backend only headers can be changed.</summary>
    public static void CheckOfBackend(ImmutableArray<RequestFilter> filters, FieldPath path, RuleReport report)
    {
        foreach (var (i, filter) in filters.Index())
        {
            switch (filter)
            {
                case RequestFilter.RequestHeaders(var changes):
                    CheckChanges(changes, path.At(i).At("requestHeaderModifier"), report);
                    break;
                case RequestFilter.ResponseHeaders(var changes):
                    CheckChanges(changes, path.At(i).At("responseHeaderModifier"), report);
                    break;
                default:
                    report.Unsupported(
                        path.At(i), "a filter of one backend that does not change headers", "put it into the rule's filters");
                    break;
            }
        }
    }

    private static void CheckFilter(RequestFilter filter, RequestRule rule, FieldPath path, RuleReport report)
    {
        switch (filter)
        {
            case RequestFilter.RequestHeaders(var changes):
                CheckChanges(changes, path.At("requestHeaderModifier"), report);
                break;
            case RequestFilter.ResponseHeaders(var changes):
                CheckChanges(changes, path.At("responseHeaderModifier"), report);
                break;
            case RequestFilter.Redirect redirect:
                CheckRedirect(redirect, path.At("requestRedirect"), report);
                CheckPath(redirect.Path, rule, path.At("requestRedirect").At("path"), report);
                break;
            case RequestFilter.Rewrite(var hostname, var change):
                CheckHostname(hostname, path.At("urlRewrite").At("hostname"), report);
                CheckPath(change, rule, path.At("urlRewrite").At("path"), report);
                break;
            case RequestFilter.Mirror(var backend, var percent):
                CheckMirror(backend, percent, path.At("requestMirror"), report);
                break;
            case RequestFilter.Cors(var policy):
                CheckCors(policy, path.At("cors"), report);
                break;
            case RequestFilter.Unknown("ExtensionRef"):
                report.Unsupported(path, "a filter by ExtensionRef", "use the filters of the Gateway API itself");
                break;
        }
    }

    private static void CheckCors(CorsPolicy policy, FieldPath path, RuleReport report)
    {
        foreach (var (i, origin) in policy.AllowOrigins.Index())
        {
            report.ErrorIf(
                origin.Value.Length > MaxOrigin, path.At("allowOrigins").At(i), $"has more than {MaxOrigin} characters");
        }

        var named = policy with { AllowMethods = [.. policy.AllowMethods.Where(method => method != "*")] };
        HttpActionRules.CheckCors(named, path, report);
    }

    private static void CheckMirror(BackendReference? backend, double? percent, FieldPath path, RuleReport report)
    {
        if (backend is null) report.Error(path, "a mirror needs a backendRef");
        else RequestRouteRules.CheckTarget(backend, path.At("backendRef"), report);
        ValueRules.CheckPercent(percent, path.At("percent"), report);
    }

    private static void CheckRedirect(RequestFilter.Redirect redirect, FieldPath path, RuleReport report)
    {
        CheckHostname(redirect.Hostname, path.At("hostname"), report);
        ValueRules.CheckPort(redirect.Port, path.At("port"), report);
        report.ErrorIf(
            redirect.Scheme is not ("" or "http" or "https"), path.At("scheme"), "must be http or https");
        report.ErrorIf(
            redirect.StatusCode is not (301 or 302 or 303 or 307 or 308),
            path.At("statusCode"),
            $"{redirect.StatusCode} is none of 301, 302, 303, 307 and 308");
    }

    private static void CheckHostname(string hostname, FieldPath path, RuleReport report)
    {
        if (hostname.Length > 0) HostRules.Check(hostname, path, report);
    }

    private static void CheckPath(PathChange? change, RequestRule rule, FieldPath path, RuleReport report)
    {
        if (change is null) return;
        var field = path.At(change.OfPrefix ? "replacePrefixMatch" : "replaceFullPath");
        if (change.Value.Length > 0 && !change.Value.StartsWith('/'))
        {
            report.Error(field, $"\"{change.Value}\" does not start with /");
        }

        report.ErrorIf(change.Value.Length > MaxPath, field, $"has more than {MaxPath} characters");
        report.ErrorIf(
            change.Value.Contains('?') || change.Value.Contains('#') || change.Value.Any(char.IsControl),
            field,
            $"\"{change.Value}\" is more than a path");
        if (change.OfPrefix)
        {
            foreach (var match in rule.Matches) ValueRules.CheckRegex($"^{RegexText.Quote(match.Path.Value)}", field, report);
        }

        report.ErrorIf(
            change.OfPrefix && rule.Matches.Any(match => match.Path.Kind is not StringMatchKind.PathPrefix),
            field,
            "replacePrefixMatch asks for matches of type PathPrefix");
    }

    private static void CheckChanges(HeaderChanges changes, FieldPath path, RuleReport report)
    {
        foreach (var (name, value) in changes.Set.Concat(changes.Add))
        {
            CheckName(name, path, report);
            if (value.AsSpan().IndexOfAny("\0\r\n") >= 0) report.Error(path, $"the value of {name} is no header value");
        }

        foreach (var (i, name) in changes.Remove.Index()) CheckName(name, path.At("remove").At(i), report);
    }

    private static void CheckName(string name, FieldPath path, RuleReport report)
    {
        if (HeaderRules.IsToken(name) && !name.Equals("host", StringComparison.OrdinalIgnoreCase)) return;
        report.Error(path, name.Equals("host", StringComparison.OrdinalIgnoreCase)
            ? "the Host header is changed by URLRewrite.hostname"
            : $"header name \"{name}\" is not a valid header name");
    }
}
