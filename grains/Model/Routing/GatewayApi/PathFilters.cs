using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Redirections and rewrites, which depend on the path that was matched.</summary>
internal static class PathFilters
{
    public static HttpRoute Apply(HttpRoute entry, ImmutableArray<RequestFilter> filters, StringMatch path)
    {
        foreach (var filter in filters)
        {
            entry = filter switch
            {
                RequestFilter.Redirect redirect => entry with { Redirect = RedirectOf(redirect, path) },
                RequestFilter.Rewrite(var hostname, var change) => entry with
                {
                    Rewrite = new HttpRewrite("", hostname, change is null ? null : ReplacementOf(change, path)),
                },
                _ => entry,
            };
        }

        return entry;
    }

    /// <summary>Without a port it is that of the new scheme, or where that stays, of the listener.</summary>
    private static HttpRedirect RedirectOf(RequestFilter.Redirect redirect, StringMatch path) => new()
    {
        Scheme = redirect.Scheme,
        Authority = redirect.Hostname,
        Port = redirect.Port,
        DerivePort = redirect.Port is not null ? null
            : redirect.Scheme.Length > 0 ? RedirectPortSelection.FromProtocolDefault
            : RedirectPortSelection.FromRequestPort,
        RedirectCode = redirect.StatusCode,
        UriRegexRewrite = redirect.Path is { } change ? ReplacementOf(change, path) : null,
    };

    /// <summary>
    /// What the prefix matched goes by whole segments: between what takes its place and the rest stands one slash, and a
    /// path is never empty. Source: Gateway API, HTTPPathModifier.replacePrefixMatch.
    /// </summary>
    private static RegexRewrite ReplacementOf(PathChange change, StringMatch path)
    {
        if (!change.OfPrefix) return new RegexRewrite("^/.*$", Substitution(change.Value.Length > 0 ? change.Value : "/"));
        var prefix = RegexText.Quote(path.Value.TrimEnd('/'));
        var replacement = Substitution(change.Value.TrimEnd('/'));
        return replacement.Length == 0 ? new RegexRewrite($"^{prefix}/*", "/")
            : prefix.Length == 0 ? new RegexRewrite("^/", replacement + "/")
            : new RegexRewrite($"^{prefix}", replacement);
    }

    private static string Substitution(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal);
}
