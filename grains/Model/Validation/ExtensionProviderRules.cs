using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of whom proxies ask (<c>extensionProviders</c> of MeshConfig).</summary>
internal static class ExtensionProviderRules
{
    private const int MaxProviders = 100;
    private const int MaxBody = 16 * 1024 * 1024;
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);

    public static void Check(ImmutableArray<ExtensionProvider> providers, FieldPath path, RuleReport report)
    {
        report.ErrorIf(providers.Length > MaxProviders, path, $"at most {MaxProviders} providers can be set");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, provider) in providers.Index())
        {
            var at = path.At(i);
            report.ErrorIf(provider.Name.Length == 0, at.At("name"), "`name` must not be empty");
            report.ErrorIf(!names.Add(provider.Name), at.At("name"), $"there are two providers \"{provider.Name}\"");
            if ((provider.Http is null) == (provider.Grpc is null))
            {
                report.Error(at, "exactly one of `envoyExtAuthzHttp` and `envoyExtAuthzGrpc` must be set");
            }

            if (provider.Http is { } http) Check(http, at.At("envoyExtAuthzHttp"), report);
            if (provider.Grpc is { } grpc) Check(grpc, at.At("envoyExtAuthzGrpc"), report);
        }
    }

    private static void Check(ExternalAuthorizer authorizer, FieldPath at, RuleReport report)
    {
        CheckService(authorizer.Service, at.At("service"), report);
        report.ErrorIf(
            authorizer.Port is not (> 0 and <= ushort.MaxValue), at.At("port"), "must be a number in range 1..65535");
        report.ErrorIf(
            authorizer.Timeout <= TimeSpan.Zero || authorizer.Timeout > MaxTimeout,
            at.At("timeout"),
            "must be more than 0 and not longer than 1h");
        if (authorizer.StatusOnError is { } status && !IsStatus(status))
        {
            report.Error(at.At("statusOnError"), $"\"{status}\" is no HTTP status from 200 to 511");
        }

        if (authorizer.Body is { } body && body.MaxRequestBytes is not (> 0 and <= MaxBody))
        {
            report.Error(at.At("includeRequestBodyInCheck").At("maxRequestBytes"), $"must be from 1 to {MaxBody}");
        }

        CheckPrefix(authorizer.PathPrefix, at.At("pathPrefix"), report);
        CheckPatterns(authorizer.RequestHeaders, at.At("includeRequestHeadersInCheck"), report);
        CheckPatterns(authorizer.ToUpstreamOnAllow, at.At("headersToUpstreamOnAllow"), report);
        CheckPatterns(authorizer.ToDownstreamOnDeny, at.At("headersToDownstreamOnDeny"), report);
        CheckPatterns(authorizer.ToDownstreamOnAllow, at.At("headersToDownstreamOnAllow"), report);
        HeaderRules.CheckValues(
            authorizer.AdditionalHeaders, at.At("includeAdditionalHeadersInCheck"), mayRewriteHost: false, report);
    }

    private static void CheckService(string service, FieldPath at, RuleReport report)
    {
        var slash = service.IndexOf('/');
        if (service.Length == 0) report.Error(at, "`service` must not be empty");
        else if (slash == 0) report.Error(at, "must be [namespace/]host");
        else HostRules.Check(service[(slash + 1)..], at, report);
    }

    private static void CheckPrefix(string prefix, FieldPath at, RuleReport report)
    {
        if (prefix.Length == 0) return;
        report.ErrorIf(prefix[0] != '/', at, "must begin with a slash");
        report.ErrorIf(
            prefix.AsSpan().ContainsAnyExceptInRange('!', '~') || prefix.AsSpan().ContainsAny('?', '#'),
            at,
            "must be a path without query");
    }

    // A header, abc*, *abc or *: what stands beside the star is part of a name.
    private static void CheckPatterns(ImmutableArray<string> patterns, FieldPath at, RuleReport report)
    {
        foreach (var (i, pattern) in patterns.Index())
        {
            var name = pattern.EndsWith('*') ? pattern[..^1] : pattern.StartsWith('*') ? pattern[1..] : pattern;
            if (pattern == "*" || (HeaderRules.IsToken(name) && !name.Contains('*'))) continue;
            report.Error(at.At(i), $"\"{pattern}\" is no header name, `abc*` or `*abc`");
        }
    }

    /// <summary>Those that a stock Envoy knows.</summary>
    private static bool IsStatus(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status)
        && status is >= 200 and <= 511 and not (306 or 451)
        && Enum.IsDefined((HttpStatusCode)status);
}
