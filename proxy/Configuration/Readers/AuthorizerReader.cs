using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.ExtAuthz;
using Rbac = MeshOrleans.Xds.Protocol.HttpRbac.RBAC;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What is asked about, and who is asked.</summary>
/// <param name="Custom">The rules.</param>
/// <param name="Authorizer">The authorizer.</param>
internal sealed record AuthorizerTemplate(CustomAuthorization Custom, ExternalAuthorizerModel Authorizer);

/// <summary>
/// The filter that finds what an authorizer is to be asked about, and the one behind it that asks. What is not understood
/// is refused: a condition left out would let someone in.
/// </summary>
internal static class AuthorizerReader
{
    private const int MaxBody = 16 * 1024 * 1024;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMilliseconds(200); // Envoy's

    /// <summary>Whether an RBAC filter only finds what somebody else is asked about.</summary>
    public static bool IsQuestion(Rbac rbac) =>
        rbac.Rules is null && rbac.ShadowRules is not null && rbac.ShadowRulesStatPrefix == AuthorizerFilters.StatPrefix;

    public static AuthorizerTemplate Read(Rbac? rbac, ExtAuthz filter, FieldPath at)
    {
        if (AuthorizerFilters.ProviderOf(filter.FilterEnabledMetadata) is not { } provider || rbac?.ShadowRules is null)
        {
            throw new UnusableResourceException(
                at.At("filter_enabled_metadata"), "must be the rule that the RBAC filter before it has found");
        }

        var rules = RbacReader.Filter(null, rbac.ShadowRules, at).Shadow!;
        if (rules.Action is not AuthorizationAction.Deny)
        {
            throw new UnusableResourceException(at.At("shadow_rules").At("action"), "must be DENY");
        }

        return new AuthorizerTemplate(
            new CustomAuthorization(
                provider, rules with { Policies = [.. rules.Policies.Select(p => Named(p, provider, at))] }),
            Authorizer(filter, provider, at));
    }

    // The names are those by which people know the rules; what stands before them is for Envoy's sake.
    private static AuthorizationPolicyModel Named(AuthorizationPolicyModel rule, string provider, FieldPath at)
    {
        var prefix = AuthorizerFilters.PrefixOf(provider) + "-";
        return rule.Name.StartsWith(prefix, StringComparison.Ordinal)
            ? rule with { Name = rule.Name[prefix.Length..] }
            : throw new UnusableResourceException(at.At("shadow_rules").At("policies").At(rule.Name), $"must begin with {prefix}");
    }

    private static ExternalAuthorizerModel Authorizer(ExtAuthz filter, string provider, FieldPath at)
    {
        var model = filter.ServicesCase switch
        {
            ExtAuthz.ServicesOneofCase.GrpcService => Grpc(filter, provider, at.At("grpc_service")),
            ExtAuthz.ServicesOneofCase.HttpService => Http(filter, provider, at.At("http_service")),
            _ => throw new UnusableResourceException(at.At("services"), "is required"),
        };
        return model with
        {
            FailOpen = filter.FailureModeAllow,
            StatusOnError = Status(filter, at.At("status_on_error")),
            Body = Body(filter.WithRequestBody, at.At("with_request_body")),
        };
    }

    private static ExternalAuthorizerModel Grpc(ExtAuthz filter, string provider, FieldPath at)
    {
        var call = filter.GrpcService;
        if (call.EnvoyGrpc is not { ClusterName: { Length: > 0 } cluster } target)
        {
            throw new UnusableResourceException(at.At("envoy_grpc").At("cluster_name"), "is required");
        }

        if (filter.TransportApiVersion is not Xds.Protocol.Core.ApiVersion.V3)
        {
            throw new UnusableResourceException(at.At("transport_api_version"), "must be V3");
        }

        if (filter.AllowedHeaders is not null)
        {
            throw new UnusableResourceException(at.At("allowed_headers"), "is not supported with gRPC");
        }

        return new ExternalAuthorizerModel
        {
            Provider = provider,
            Cluster = cluster,
            IsGrpc = true,
            Authority = target.Authority.Length > 0 ? target.Authority : cluster,
            Timeout = Timeout(call.Timeout, at.At("timeout")),
        };
    }

    private static ExternalAuthorizerModel Http(ExtAuthz filter, string provider, FieldPath at)
    {
        var service = filter.HttpService;
        if (service.ServerUri is not { Cluster: { Length: > 0 } cluster } uri)
        {
            throw new UnusableResourceException(at.At("server_uri").At("cluster"), "is required");
        }

        if (service.PathPrefix.Length > 0 && service.PathPrefix[0] != '/')
        {
            throw new UnusableResourceException(at.At("path_prefix"), "must begin with a slash");
        }

        var answer = service.AuthorizationResponse ?? new AuthorizationResponse();
        var response = at.At("authorization_response");
        return new ExternalAuthorizerModel
        {
            Provider = provider,
            Cluster = cluster,
            Timeout = Timeout(uri.Timeout, at.At("server_uri").At("timeout")),
            PathPrefix = service.PathPrefix,
            RequestHeaders = Names(filter.AllowedHeaders, at.At("allowed_headers")) ?? HeaderNames.None,
            AdditionalHeaders =
            [
                .. (service.AuthorizationRequest?.HeadersToAdd ?? []).Select(h => new KeyValuePair<string, string>(h.Key, h.Value)),
            ],
            ToUpstreamOnAllow = Names(answer.AllowedUpstreamHeaders, response.At("allowed_upstream_headers")) ?? HeaderNames.None,
            ToDownstreamOnAllow = Names(
                answer.AllowedClientHeadersOnSuccess, response.At("allowed_client_headers_on_success")) ?? HeaderNames.None,
            ToDownstreamOnDeny = Names(answer.AllowedClientHeaders, response.At("allowed_client_headers")),
        };
    }

    private static HeaderNames? Names(Xds.Protocol.Matcher.ListStringMatcher? names, FieldPath at) => names is null ? null : new(
        [.. names.Patterns.Select((pattern, i) => MatcherReader.Text(pattern, at.At("patterns").At(i)))]);

    private static int Status(ExtAuthz filter, FieldPath at) => filter.StatusOnError?.Code switch
    {
        null => 403,
        >= 200 and <= 599 and var status => status,
        var other => throw new UnusableResourceException(at.At("code"), $"{other} is no status of an answer"),
    };

    private static ShownBodyModel? Body(BufferSettings? body, FieldPath at)
    {
        if (body is null) return null;
        return body.MaxRequestBytes is > 0 and <= MaxBody
            ? new ShownBodyModel((int)body.MaxRequestBytes, body.AllowPartialMessage, body.PackAsBytes)
            : throw new UnusableResourceException(at.At("max_request_bytes"), $"must be from 1 to {MaxBody}");
    }

    private static TimeSpan Timeout(Duration? timeout, FieldPath at) =>
        timeout is null ? DefaultTimeout
        : CoreReader.Positive(timeout, at) is { } span && span <= TimeSpan.FromHours(1) ? span
        : throw new UnusableResourceException(at, "must be more than 0 and not longer than an hour");
}
