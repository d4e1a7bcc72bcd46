using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Says what a route does with a request: forward it, or answer it.</summary>
internal static class RouteActionTranslator
{
    /// <summary>Forwards without time limit: Envoy's own default of 15 s is none of Istio's.</summary>
    public static RouteAction Unlimited(string cluster)
    {
        var action = new RouteAction { Cluster = cluster };
        SetTimeout(action, null);
        return action;
    }

    /// <summary>
    /// Fills in action and header changes; false when the rule leads nowhere.
    /// </summary>
    public static bool Apply(Route route, ProxyView view, Sourced<VirtualService> source, HttpRoute rule, int port)
    {
        var headers = new HeaderChangeList(rule.Headers);
        if (rule.Redirect is { } redirect) route.Redirect = Redirect(redirect, port);
        else if (rule.DirectResponse is { } response) route.DirectResponse = DirectResponse(response);
        else if (Forward(view, source, rule, port, headers) is { } action) route.Route_ = action;
        else return false;
        headers.ApplyTo(route);
        return true;
    }

    private static RouteAction? Forward(
        ProxyView view, Sourced<VirtualService> source, HttpRoute rule, int port, HeaderChangeList headers)
    {
        var action = new RouteAction();
        SetTimeout(action, rule.Timeout);
        if (rule.Rewrite is { } rewrite) SetRewrite(action, rewrite);
        var host = rule.Rewrite is { Authority.Length: > 0 } named ? named.Authority : headers.Host;
        if (!DestinationTranslator.Apply(action, view, source, rule, port, headers, ref host)) return null;
        if (host is not null) action.HostRewriteLiteral = host;
        AddMirrors(action, view, source, rule, port);
        foreach (var served in DestinationTranslator.Served(rule))
        {
            HashPolicyTranslator.Apply(action, DestinationResolver.PolicyOf(view, source, served.Destination!, port));
        }

        action.RetryPolicy = RetryTranslator.Translate(view, rule.Retries, action.HashPolicy.Count > 0);
        if (rule.Origin is { MissingStatus: 500 })
        {
            action.ClusterNotFoundResponseCode = RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError;
        }

        if (rule.TryTimeout > TimeSpan.Zero) BoundTries(action, rule.TryTimeout.Value, rule.Timeout);
        return action;
    }

    /// <summary>Without a second try the bound of one is that of all.</summary>
    private static void BoundTries(RouteAction action, TimeSpan bound, TimeSpan? timeout)
    {
        if (action.RetryPolicy is { } retry) retry.PerTryTimeout = Duration.FromTimeSpan(bound);
        else SetTimeout(action, timeout > TimeSpan.Zero && timeout < bound ? timeout : bound);
    }

    /// <summary>
    /// A caller's <c>grpc-timeout</c> is honoured up to the route's own; zero is no limit in both places.
    /// </summary>
    private static void SetTimeout(RouteAction action, TimeSpan? timeout)
    {
        action.Timeout = Duration.FromTimeSpan(timeout ?? TimeSpan.Zero);
        action.MaxGrpcTimeout = action.Timeout.Clone();
    }

    /// <summary>
    /// What replaces the prefix of a prefix match replaces the whole path of any other, in Envoy as in Istio.
    /// </summary>
    private static void SetRewrite(RouteAction action, HttpRewrite rewrite)
    {
        if (rewrite.UriRegexRewrite is { } regex)
        {
            action.RegexRewrite = ByExpression(regex);
        }
        else
        {
            action.PrefixRewrite = rewrite.Uri;
        }
    }

    private static RegexMatchAndSubstitute ByExpression(RegexRewrite source) => new()
    {
        Pattern = new RegexMatcher { Regex = source.Match },
        Substitution = source.Rewrite,
    };

    private static void AddMirrors(
        RouteAction action, ProxyView view, Sourced<VirtualService> source, HttpRoute rule, int port)
    {
        var mirrors = rule.Mirror is { } only ? [new HttpMirror(only, rule.MirrorPercentage)] : rule.Mirrors;
        foreach (var mirror in mirrors)
        {
            if (mirror.Destination is not { } destination || mirror.Percentage is 0) continue;
            action.RequestMirrorPolicies.Add(new RouteAction.Types.RequestMirrorPolicy
            {
                Cluster = DestinationResolver.ClusterOf(view, source, destination, port),
                RuntimeFraction = new() { DefaultValue = Fractions.Of(mirror.Percentage ?? 100) },
                TraceSampled = false,
            });
        }
    }

    private static RedirectAction Redirect(HttpRedirect source, int port)
    {
        var redirect = new RedirectAction
        {
            HostRedirect = source.Authority,
            ResponseCode = source.RedirectCode switch
            {
                302 => RedirectAction.Types.RedirectResponseCode.Found,
                303 => RedirectAction.Types.RedirectResponseCode.SeeOther,
                307 => RedirectAction.Types.RedirectResponseCode.TemporaryRedirect,
                308 => RedirectAction.Types.RedirectResponseCode.PermanentRedirect,
                _ => RedirectAction.Types.RedirectResponseCode.MovedPermanently,
            },
            PortRedirect = (uint)PortOf(source, port),
        };
        if (source.Uri.Length > 0) redirect.PathRedirect = source.Uri;
        else if (source.PrefixRewrite.Length > 0) redirect.PrefixRewrite = source.PrefixRewrite;
        else if (source.UriRegexRewrite is { } regex) redirect.RegexRewrite = ByExpression(regex);
        if (source.Scheme.Length > 0) redirect.SchemeRedirect = source.Scheme;
        return redirect;
    }

    /// <summary>Zero keeps the port of the request.</summary>
    private static int PortOf(HttpRedirect source, int listenerPort) => source switch
    {
        { Port: { } port } => port,
        { DerivePort: RedirectPortSelection.FromRequestPort } => listenerPort,
        { DerivePort: RedirectPortSelection.FromProtocolDefault, Scheme: "https" } => 443,
        { DerivePort: RedirectPortSelection.FromProtocolDefault, Scheme: "http" } => 80,
        _ => 0,
    };

    private static DirectResponseAction DirectResponse(HttpDirectResponse source)
    {
        var response = new DirectResponseAction { Status = (uint)source.Status };
        if (!source.Body.IsDefaultOrEmpty)
        {
            response.Body = new DataSource { InlineBytes = ByteString.CopyFrom(source.Body.AsSpan()) };
        }

        return response;
    }
}
