using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.ExtAuthz;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Listeners;
using MeshOrleans.Xds.Translation.Scopes;
using HttpRbac = MeshOrleans.Xds.Protocol.HttpRbac;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>
/// Makes the two filters of the CUSTOM policies, in front of everything else: one finds what is to be asked about, the other
/// asks.
/// </summary>
/// <remarks>
/// In front of the tokens as well, as in Istio: the authorizer sees the token that the filter behind it takes out. Where
/// nobody can be asked, <see cref="RbacTranslator"/> refuses what the policies match.
/// </remarks>
internal static class AuthorizerTranslator
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10); // Istio's

    public static IEnumerable<HttpFilter> HttpFilters(ProxyView view)
    {
        if (view.Authorizer is not { Provider: { } provider } choice) yield break;
        if (RbacTranslator.CustomRules(view) is not { } rules) yield break;
        var shadow = new RBAC { Action = rules.Action };
        foreach (var (name, policy) in rules.Policies)
        {
            shadow.Policies[$"{AuthorizerFilters.PrefixOf(provider.Name)}-{name}"] = policy;
        }

        yield return HttpConnection.Filter(FilterNames.Rbac, new HttpRbac.RBAC
        {
            ShadowRules = shadow,
            ShadowRulesStatPrefix = AuthorizerFilters.StatPrefix,
        });
        yield return HttpConnection.Filter(FilterNames.ExtAuthz, Filter(choice, provider));
    }

    private static ExtAuthz Filter(AuthorizerChoice choice, ExtensionProvider provider)
    {
        var authorizer = provider.Authorizer!;
        var timeout = Duration.FromTimeSpan(authorizer.Timeout ?? DefaultTimeout);
        var filter = new ExtAuthz
        {
            FailureModeAllow = authorizer.FailOpen,
            ClearRouteCache = authorizer.ClearRouteCache,
            TransportApiVersion = ApiVersion.V3,
            FilterEnabledMetadata = AuthorizerFilters.Condition(provider.Name),
        };
        if (authorizer.StatusOnError is { } status)
        {
            filter.StatusOnError = new() { Code = int.Parse(status, CultureInfo.InvariantCulture) };
        }

        if (authorizer.Body is { MaxRequestBytes: { } most } body)
        {
            filter.WithRequestBody = new BufferSettings
            {
                MaxRequestBytes = (uint)most,
                AllowPartialMessage = body.AllowPartialMessage,
                PackAsBytes = body.PackAsBytes,
            };
        }

        if (provider.Http is null)
        {
            filter.GrpcService = new GrpcService
            {
                EnvoyGrpc = new() { ClusterName = choice.Cluster, Authority = choice.Host },
                Timeout = timeout,
            };
            return filter;
        }

        filter.HttpService = Http(choice, authorizer, timeout);
        filter.AllowedHeaders = Names(authorizer.RequestHeaders);
        return filter;
    }

    private static HttpService Http(AuthorizerChoice choice, ExternalAuthorizer authorizer, Duration timeout) => new()
    {
        PathPrefix = authorizer.PathPrefix,
        ServerUri = new HttpUri
        {
            Uri = $"http://{choice.Host}:{authorizer.Port}", // Envoy wants one; where it goes, the cluster says
            Cluster = choice.Cluster,
            Timeout = timeout,
        },
        AuthorizationRequest = authorizer.AdditionalHeaders.IsEmpty ? null : new AuthorizationRequest
        {
            HeadersToAdd = { authorizer.AdditionalHeaders.Select(h => new HeaderValue { Key = h.Key, Value = h.Value }) },
        },
        AuthorizationResponse = new AuthorizationResponse
        {
            AllowedUpstreamHeaders = Names(authorizer.ToUpstreamOnAllow),
            AllowedClientHeaders = Names(authorizer.ToDownstreamOnDeny),
            AllowedClientHeadersOnSuccess = Names(authorizer.ToDownstreamOnAllow),
        },
    };

    private static ListStringMatcher? Names(ImmutableArray<string> patterns) =>
        patterns.IsEmpty ? null : new ListStringMatcher { Patterns = { patterns.Select(Name) } };

    private static StringMatcher Name(string pattern) => pattern switch
    {
        _ when pattern.EndsWith('*') => new StringMatcher { Prefix = pattern[..^1], IgnoreCase = true },
        _ when pattern.StartsWith('*') => new StringMatcher { Suffix = pattern[1..], IgnoreCase = true },
        _ => new StringMatcher { Exact = pattern, IgnoreCase = true },
    };
}
