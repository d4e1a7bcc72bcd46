using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What a route does.</summary>
internal static class RouteActionReader
{
    private const int MaxBody = 1 << 20;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15); // Envoy, RouteAction.timeout

    public static RouteAction Read(Proto.Route.Route route, Proto.Route.RetryPolicy? hostRetry, FieldPath at) =>
        route.ActionCase switch
    {
        Proto.Route.Route.ActionOneofCase.Route_ => Forward(route.Route_, hostRetry, at.At("route")),
        Proto.Route.Route.ActionOneofCase.Redirect => Redirect(route.Redirect, at.At("redirect")),
        Proto.Route.Route.ActionOneofCase.DirectResponse => Answer(route.DirectResponse, at.At("direct_response")),
        var other => throw new UnusableResourceException(at, $"action {other} is not supported"),
    };

    private static RouteAction.Forward Forward(
        Proto.Route.RouteAction action, Proto.Route.RetryPolicy? hostRetry, FieldPath at)
    {
        if (action.AutoHostRewrite is true)
        {
            throw new UnusableResourceException(at.At("auto_host_rewrite"), "is not supported");
        }

        if (action.HasHostRewriteHeader)
        {
            throw new UnusableResourceException(at.At("host_rewrite_header"), "is not supported");
        }

        return new RouteAction.Forward(Clusters(action, at))
        {
            Timeout = Timeout(action, at),
            MaxGrpcTimeout = CoreReader.Span(
                action.MaxStreamDuration?.GrpcTimeoutHeaderMax ?? action.MaxGrpcTimeout, at.At("max_grpc_timeout")),
            Retry = RetryPolicyReader.Read(action.RetryPolicy ?? hostRetry, at.At("retry_policy")),
            Rewrite = Rewrite(action.PrefixRewrite, action.RegexRewrite, at),
            HostRewrite = action.HasHostRewriteLiteral ? action.HostRewriteLiteral : null,
            Mirrors = [.. action.RequestMirrorPolicies.Select(
                m =>
                    new MirrorModel(
                        m.Cluster, m.RuntimeFraction is { } share
                            ? CoreReader.Share(share.DefaultValue)
                            : Fraction.All))],
            HashPolicies = [.. action.HashPolicy.Select((h, i) => Hash(h, at.At("hash_policy").At(i)))],
            ClusterNotFoundStatus = action.ClusterNotFoundResponseCode switch
            {
                Proto.Route.RouteAction.Types.ClusterNotFoundResponseCode.NotFound => 404,
                Proto.Route.RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError => 500,
                _ => 503,
            },
        };
    }

    private static WeightedChoice Clusters(Proto.Route.RouteAction action, FieldPath at) =>
        action.ClusterSpecifierCase switch
    {
        Proto.Route.RouteAction.ClusterSpecifierOneofCase.Cluster => WeightedChoice.Of(action.Cluster),
        Proto.Route.RouteAction.ClusterSpecifierOneofCase.WeightedClusters => CoreReader.Build(
            at.At("weighted_clusters"), () =>
                new WeightedChoice(Weighted(action.WeightedClusters, at.At("weighted_clusters").At("clusters")))),
        var other => throw new UnusableResourceException(at, $"cluster_specifier {other} is not supported"),
    };

    private static ImmutableArray<WeightedClusterModel> Weighted(Proto.Route.WeightedCluster clusters, FieldPath at) =>
    [
        .. clusters.Clusters.Select((cluster, i) =>
        {
            if (cluster.TypedPerFilterConfig.Count > 0)
            {
                throw new UnusableResourceException(at.At(i).At("typed_per_filter_config"), "is not supported");
            }

            return new WeightedClusterModel(cluster.Name, cluster.Weight ?? 1)
            {
                RequestHeaders = CoreReader.Headers(
                    cluster.RequestHeadersToRemove, cluster.RequestHeadersToAdd, at.At(i).At("request_headers_to_add")),
                ResponseHeaders = CoreReader.Headers(
                    cluster.ResponseHeadersToRemove, cluster.ResponseHeadersToAdd, at.At(i).At(
                        "response_headers_to_add")),
                HostRewrite = cluster.HasHostRewriteLiteral ? cluster.HostRewriteLiteral : null,
            };
        }),
    ];

    private static TimeSpan? Timeout(Proto.Route.RouteAction action, FieldPath at)
    {
        var timeout = action.Timeout is null ? DefaultTimeout : CoreReader.Positive(action.Timeout, at.At("timeout"));
        var longest = CoreReader.Positive(action.MaxStreamDuration?.MaxStreamDuration_, at.At("max_stream_duration"));
        return (timeout, longest) is ({ } a, { } b) ? (a < b ? a : b) : timeout ?? longest;
    }

    private static PathRewrite? Rewrite(string prefix, Proto.Matcher.RegexMatchAndSubstitute? regex, FieldPath at)
    {
        if (regex is null) return prefix.Length > 0 ? new PathRewrite.OfPrefix(prefix) : null;
        return CoreReader.Build(
            at.At("regex_rewrite"), () => new PathRewrite.OfRegex(regex.Pattern?.Regex ?? "", regex.Substitution));
    }

    private static HashPolicyModel Hash(Proto.Route.RouteAction.Types.HashPolicy policy, FieldPath at) =>
        policy.PolicySpecifierCase switch
    {
        Proto.Route.RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.Header =>
            new(HashSource.Header, policy.Header.HeaderName, policy.Terminal),
        Proto.Route.RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.Cookie =>
            HashCookieReader.Read(policy.Cookie, policy.Terminal, at.At("cookie")),
        Proto.Route.RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.ConnectionProperties =>
            new(HashSource.SourceAddress, "", policy.Terminal),
        Proto.Route.RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.QueryParameter =>
            new(HashSource.QueryParameter, policy.QueryParameter.Name, policy.Terminal),
        var other => throw new UnusableResourceException(at, $"policy_specifier {other} is not supported"),
    };

    private static RouteAction.Redirect Redirect(Proto.Route.RedirectAction action, FieldPath at) => new()
    {
        Status = action.ResponseCode switch
        {
            Proto.Route.RedirectAction.Types.RedirectResponseCode.Found => 302,
            Proto.Route.RedirectAction.Types.RedirectResponseCode.SeeOther => 303,
            Proto.Route.RedirectAction.Types.RedirectResponseCode.TemporaryRedirect => 307,
            Proto.Route.RedirectAction.Types.RedirectResponseCode.PermanentRedirect => 308,
            _ => 301,
        },
        Scheme = action.HttpsRedirect ? "https" : action.HasSchemeRedirect ? action.SchemeRedirect : null,
        Host = action.HostRedirect.Length > 0 ? action.HostRedirect : null,
        Port = action.PortRedirect is > 0 and <= 65535 ? (int)action.PortRedirect : null,
        Path = action.HasPathRedirect ? action.PathRedirect : null,
        Rewrite = Rewrite(action.PrefixRewrite, action.RegexRewrite, at),
        StripQuery = action.StripQuery,
    };

    private static RouteAction.DirectResponse Answer(Proto.Route.DirectResponseAction action, FieldPath at)
    {
        if (action.Status is < 200 or > 599)
        {
            throw new UnusableResourceException(at.At("status"), $"{action.Status} is not from 200 to 599");
        }

        var body = action.Body is null ? [] : CoreReader.Inline(action.Body, at.At("body"));
        if (body.Length > MaxBody)
        {
            throw new UnusableResourceException(at.At("body"), $"has {body.Length} bytes; {MaxBody} are allowed");
        }

        return new RouteAction.DirectResponse((int)action.Status, body);
    }
}
