using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of what an HTTP route does besides choosing a destination.</summary>
internal static class HttpActionRules
{
    private static readonly HashSet<string> RetryConditions = new(StringComparer.Ordinal)
    {
        "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx",
        "refused-stream", "retriable-status-codes", "retriable-headers", "http3-post-connect-failure", "cancelled",
        "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
    };

    private static readonly HashSet<string> Methods = new(StringComparer.Ordinal)
    {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*",
    };

    public static void CheckRedirect(HttpRoute route, FieldPath path, RuleReport report)
    {
        if (route.Redirect is not { } redirect) return;
        if (redirect is { Uri: "", PrefixRewrite: "", Authority: "", Scheme: "", Port: null, DerivePort: null })
        {
            report.Error(path, "redirect must specify URI, authority, scheme, or port");
        }

        if (redirect.RedirectCode is { } code)
        {
            if (code is < 300 or > 399)
            {
                report.Error(path.At("redirectCode"), $"{code} is not a valid redirect code, must be 3xx");
            }
            else if (code is not (301 or 302 or 303 or 307 or 308))
            {
                report.Error(
                    path.At("redirectCode"),
                    $"{code} is not a supported redirect code: 301, 302, 303, 307 or 308");
            }
        }

        ValueRules.CheckTargetPart(redirect.Uri, path.At("uri"), report);
        ValueRules.CheckTargetPart(redirect.PrefixRewrite, path.At("prefixRewrite"), report);
        ValueRules.CheckAuthority(redirect.Authority, path.At("authority"), report);
        if (redirect.Scheme is not ("" or "http" or "https"))
        {
            report.Error(path.At("scheme"), "invalid redirect scheme, must be \"http\" or \"https\"");
        }

        ValueRules.CheckPort(redirect.Port, path.At("port"), report);
        report.ErrorIf(
            redirect is { Port: not null, DerivePort: not null },
            path,
            "redirect may only specify one of port or derive_port");
        report.ErrorIf(
            redirect.Uri.Length > 0 && redirect.PrefixRewrite.Length > 0,
            path,
            "redirect may only specify one of uri or prefix_rewrite");
        if (redirect.PrefixRewrite.Length > 0 && !AllMatchPrefixes(route))
        {
            report.Error(path.At("prefixRewrite"), "prefix_rewrite requires all URI matches to use prefix match type");
        }
    }

    public static void CheckRewrite(HttpRewrite? rewrite, FieldPath path, RuleReport report)
    {
        if (rewrite is null) return;
        if (rewrite is { Uri: "", Authority: "", UriRegexRewrite: null })
        {
            report.Error(path, "rewrite must specify URI, UriRegexRewrite, or authority");
        }

        ValueRules.CheckTargetPart(rewrite.Uri, path.At("uri"), report);
        ValueRules.CheckAuthority(rewrite.Authority, path.At("authority"), report);
        if (rewrite.UriRegexRewrite is not { } regex) return;
        ValueRules.CheckTargetPart(regex.Rewrite, path.At("uriRegexRewrite").At("rewrite"), report);
        report.ErrorIf(rewrite.Uri.Length > 0, path, "rewrite may only contain one of URI or UriRegexRewrite");
        if (regex.Match.Length == 0 || regex.Rewrite.Length == 0)
        {
            report.Error(
                path.At("uriRegexRewrite"),
                "UriRegexRewrite requires both Rewrite and Match fields to be specified");
        }
        else
        {
            ValueRules.CheckRegex(regex.Match, path.At("uriRegexRewrite").At("match"), report);
        }
    }

    public static void CheckRetries(HttpRetry? retries, FieldPath path, RuleReport report)
    {
        if (retries is null) return;
        report.ErrorIf(retries.Attempts < 0, path.At("attempts"), "attempts cannot be negative");
        if (retries.Attempts == 0
            && (retries.PerTryTimeout is not null || retries.RetryOn.Length > 0 || retries.RetryRemoteLocalities is not null))
        {
            report.Error(path, "http retry policy configured when attempts are set to 0 (disabled)");
        }

        ValueRules.CheckDuration(retries.PerTryTimeout, path.At("perTryTimeout"), report);
        ValueRules.CheckDuration(retries.Backoff, path.At("backoff"), report);
        if (retries.RetryOn.Length == 0) return;
        foreach (var condition in retries.RetryOn.Split(',', StringSplitOptions.TrimEntries))
        {
            var isStatus = int.TryParse(condition, out var status) && status is >= 100 and <= 599;
            if (!isStatus && !RetryConditions.Contains(condition))
            {
                report.Error(path.At("retryOn"), $"invalid retry condition \"{condition}\"");
            }
        }
    }

    public static void CheckCors(CorsPolicy? cors, FieldPath path, RuleReport report)
    {
        if (cors is null) return;
        foreach (var (i, origin) in cors.AllowOrigins.Index())
        {
            var at = path.At("allowOrigins").At(i);
            if (origin is { Kind: StringMatchKind.Exact, Value: "" })
            {
                report.Error(at, "'' is not a valid match type for CORS allow origins");
            }
            else HttpMatchRules.CheckValue(origin, at, false, report);
        }

        foreach (var (i, method) in cors.AllowMethods.Index())
        {
            if (!Methods.Contains(method))
            {
                report.Error(path.At("allowMethods").At(i), $"\"{method}\" is not a supported HTTP method");
            }
        }

        CheckHeaderNames(cors.AllowHeaders, path.At("allowHeaders"), report);
        CheckHeaderNames(cors.ExposeHeaders, path.At("exposeHeaders"), report);
        if (cors.MaxAge is not { } age) return;
        if (age < TimeSpan.Zero) report.Error(path.At("maxAge"), "max_age must not be negative");
        if (age.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            report.Error(path.At("maxAge"), "max_age duration is accurate only to seconds precision");
        }
    }

    private static void CheckHeaderNames(ImmutableArray<string> names, FieldPath path, RuleReport report)
    {
        foreach (var (i, name) in names.Index())
        {
            if (name != "*" && !HeaderRules.IsToken(name))
            {
                report.Error(path.At(i), $"header name {name} is not a valid header name");
            }
        }
    }

    private static bool AllMatchPrefixes(HttpRoute route) =>
        !route.Match.IsEmpty && route.Match.All(match => match.Uri is { Kind: StringMatchKind.Prefix });
}
