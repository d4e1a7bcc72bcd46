using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>
/// Says which property of a request chooses the endpoint. Destinations that go by different ones share a route, so all
/// of theirs count, as in Istio.
/// </summary>
internal static class HashPolicyTranslator
{
    public static void Apply(RouteAction action, ClusterPolicy policy)
    {
        if (policy.LoadBalancer?.ConsistentHash is not { } hash) return;
        var target = new RouteAction.Types.HashPolicy();
        if (hash.HttpHeaderName is { Length: > 0 } header) target.Header = new() { HeaderName = header };
        else if (hash.HttpCookie is { } cookie) target.Cookie = Cookie(cookie);
        else if (hash.UseSourceIp) target.ConnectionProperties = new() { SourceIp = true };
        else if (hash.HttpQueryParameterName is { Length: > 0 } query) target.QueryParameter = new() { Name = query };
        else return;
        if (!action.HashPolicy.Contains(target)) action.HashPolicy.Add(target);
    }

    private static RouteAction.Types.HashPolicy.Types.Cookie Cookie(HttpCookie source)
    {
        var cookie = new RouteAction.Types.HashPolicy.Types.Cookie
        {
            Name = source.Name,
            Path = source.Path,
            Ttl = source.Ttl is { } ttl ? Duration.FromTimeSpan(ttl) : null,
        };
        if (source.Attributes.IsDefaultOrEmpty) return cookie;
        cookie.Attributes.AddRange(source.Attributes.Select(a =>
            new RouteAction.Types.HashPolicy.Types.CookieAttribute { Name = a.Key, Value = a.Value }));
        return cookie;
    }
}
