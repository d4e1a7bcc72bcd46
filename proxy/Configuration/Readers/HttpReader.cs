using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What an HTTP connection manager says.</summary>
/// <param name="RouteName">The route configuration to fetch; empty when it is inline.</param>
/// <param name="Routes">The inline routes; null when they are fetched.</param>
/// <param name="Authorization">Its RBAC filters in order.</param>
/// <param name="Normalization">How paths are brought to one spelling.</param>
internal sealed record HttpTemplate(
    string RouteName, RouteTemplate? Routes, AuthorizationModel Authorization, PathNormalizationMode Normalization)
{
    /// <summary>The limits of its rate limit filters.</summary>
    public ImmutableArray<RateLimitRuleModel> RateLimits { get; init; } = [];

    /// <summary>The tokens that it verifies.</summary>
    public TokenAuthentication Tokens { get; init; } = TokenAuthentication.Nothing;

    /// <summary>Who is asked about what its policies do not decide by themselves; null for nobody.</summary>
    public ExternalAuthorizerModel? Authorizer { get; init; }

    /// <summary>How many proxies before this one are trusted to tell whose request they pass on.</summary>
    public int TrustedHops { get; init; }
}

/// <summary><c>HttpConnectionManager</c> to its parts.</summary>
internal static class HttpReader
{
    private const int MaxTrustedHops = 32;

    private static readonly string RouterType = Proto.Router.Router.Descriptor.FullName;
    private static readonly string RbacType = Proto.HttpRbac.RBAC.Descriptor.FullName;
    private static readonly string AuthorizerType = Proto.ExtAuthz.ExtAuthz.Descriptor.FullName;
    private static readonly string JwtType = Proto.Jwt.JwtAuthentication.Descriptor.FullName;
    private static readonly string FaultType = Proto.Fault.HTTPFault.Descriptor.FullName;
    private static readonly string RateLimitType = Proto.Limits.RateLimit.Descriptor.FullName;
    private static readonly string CorsType = Proto.Cors.Cors.Descriptor.FullName;

    public static HttpTemplate Read(
        Proto.Hcm.HttpConnectionManager manager, IEnumerable<AuthorizationFilter> before, FieldPath at)
    {
        var (authorization, authorizer, limits, tokens) = Filters(manager, before, at.At("http_filters"));
        if (manager.XffNumTrustedHops > MaxTrustedHops)
        {
            throw new UnusableResourceException(at.At("xff_num_trusted_hops"), $"is more than {MaxTrustedHops}");
        }

        switch (manager.RouteSpecifierCase)
        {
            case Proto.Hcm.HttpConnectionManager.RouteSpecifierOneofCase.Rds:
                if (manager.Rds.ConfigSource?.Ads is null)
                {
                    throw new UnusableResourceException(at.At("rds").At("config_source"), "must be ads");
                }

                if (manager.Rds.RouteConfigName.Length == 0)
                {
                    throw new UnusableResourceException(at.At("rds").At("route_config_name"), "is required");
                }

                return new HttpTemplate(manager.Rds.RouteConfigName, null, authorization, Normalization(manager, at))
                {
                    RateLimits = limits,
                    Tokens = tokens,
                    Authorizer = authorizer,
                    TrustedHops = (int)manager.XffNumTrustedHops,
                };
            case Proto.Hcm.HttpConnectionManager.RouteSpecifierOneofCase.RouteConfig:
                return new HttpTemplate(
                    "", RouteReader.Read(
                        manager.RouteConfig, at.At("route_config")), authorization, Normalization(manager, at))
                {
                    RateLimits = limits,
                    Tokens = tokens,
                    Authorizer = authorizer,
                    TrustedHops = (int)manager.XffNumTrustedHops,
                };
            default:
                throw new UnusableResourceException(at.At("route_specifier"), "is required");
        }
    }

    private static FilterSet Filters(
        Proto.Hcm.HttpConnectionManager manager, IEnumerable<AuthorizationFilter> before, FieldPath at)
    {
        var authorization = before.ToImmutableArray().ToBuilder();
        var limits = ImmutableArray.CreateBuilder<RateLimitRuleModel>();
        TokenAuthentication? tokens = null;
        AuthorizerTemplate? authorizer = null;
        Proto.HttpRbac.RBAC? question = null;
        var hasRouter = false;
        foreach (var (i, filter) in manager.HttpFilters.Index())
        {
            if (hasRouter) throw new UnusableResourceException(at.At(i), "nothing may follow the router");
            if (filter.Disabled) continue;
            var type = filter.TypedConfig is { } any ? Any.GetTypeName(any.TypeUrl) : "";
            var here = at.At(i).At("typed_config");
            if (type == RouterType) hasRouter = true;
            else if (type == JwtType)
            {
                // it says who asks, which is no use to a policy that has been asked before
                if (tokens is not null || authorization.Count > 0)
                {
                    throw new UnusableResourceException(at.At(i), "must be the only one and stand before access control");
                }

                tokens = TokenReader.Read(
                    CoreReader.Unpack<Proto.Jwt.JwtAuthentication>(filter.TypedConfig!, here), here);
            }
            else if (type == RbacType)
            {
                var rbac = CoreReader.Unpack<Proto.HttpRbac.RBAC>(filter.TypedConfig!, here);
                if (AuthorizerReader.IsQuestion(rbac)) question = rbac;
                else authorization.Add(RbacReader.Filter(rbac.Rules, rbac.ShadowRules, here));
            }
            else if (type == AuthorizerType)
            {
                // it is asked first here, as the control plane has it
                if (authorizer is not null || tokens is not null || authorization.Count > 0)
                {
                    throw new UnusableResourceException(at.At(i), "must be the only one and stand before tokens and access control");
                }

                authorizer = AuthorizerReader.Read(
                    question, CoreReader.Unpack<Proto.ExtAuthz.ExtAuthz>(filter.TypedConfig!, here), here);
            }
            else if (type == RateLimitType)
            {
                limits.AddRange(
                    RateLimitReader.Read(CoreReader.Unpack<Proto.Limits.RateLimit>(filter.TypedConfig!, here), here));
            }
            else if (type == FaultType)
            {
                RefuseFault(CoreReader.Unpack<Proto.Fault.HTTPFault>(filter.TypedConfig!, here), here);
            }
            else if (type != CorsType && !filter.IsOptional) // its rules belong to routes
            {
                throw new UnusableResourceException(at.At(i), $"filter '{filter.Name}' ({type}) is not supported");
            }
        }

        if (!hasRouter) throw new UnusableResourceException(at, "must end with the router");
        if (question is not null && authorizer is null)
        {
            throw new UnusableResourceException(at, "has rules that somebody is to be asked about, and nobody who is asked");
        }

        var rules = authorization.Count == 0 && authorizer is null
            ? AuthorizationModel.AllowAll
            : new AuthorizationModel(authorization.ToImmutable()) { Custom = authorizer?.Custom };
        return new FilterSet(rules, authorizer?.Authorizer, limits.ToImmutable(), tokens ?? TokenAuthentication.Nothing);
    }

    // Faults belong to routes; here the filter only makes them possible.
    private static void RefuseFault(Proto.Fault.HTTPFault fault, FieldPath at)
    {
        if (FaultReader.Read(fault, at) is not null)
        {
            throw new UnusableResourceException(at, "a fault for every route is not supported; set it on routes");
        }
    }

    private static PathNormalizationMode Normalization(Proto.Hcm.HttpConnectionManager manager, FieldPath at) =>
        manager.PathWithEscapedSlashesAction switch
        {
            Proto.Hcm.HttpConnectionManager.Types.PathWithEscapedSlashesAction.UnescapeAndForward =>
                PathNormalizationMode.DecodeAndMergeSlashes,
            Proto.Hcm.HttpConnectionManager.Types.PathWithEscapedSlashesAction.ImplementationSpecificDefault
                or Proto.Hcm.HttpConnectionManager.Types.PathWithEscapedSlashesAction.KeepUnchanged =>
                manager.MergeSlashes ? PathNormalizationMode.MergeSlashes
                    : manager.NormalizePath is true ? PathNormalizationMode.Base
                    : PathNormalizationMode.None,
            var other =>
                throw new UnusableResourceException(
                    at.At("path_with_escaped_slashes_action"), $"{other} is not supported"),
        };

    private sealed record FilterSet(
        AuthorizationModel Authorization,
        ExternalAuthorizerModel? Authorizer,
        ImmutableArray<RateLimitRuleModel> Limits,
        TokenAuthentication Tokens);
}
