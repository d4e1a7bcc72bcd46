using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// A cookie by which endpoints are chosen. What it says goes into a header, so its characters are checked.
/// </summary>
internal static class HashCookieReader
{
    public static HashPolicyModel Read(
        Proto.RouteAction.Types.HashPolicy.Types.Cookie cookie, bool isTerminal, FieldPath at)
    {
        if (!CookieText.IsName(cookie.Name))
        {
            throw new UnusableResourceException(at.At("name"), $"'{cookie.Name}' is not a cookie's name");
        }

        if (!CookieText.IsValue(cookie.Path))
        {
            throw new UnusableResourceException(at.At("path"), $"'{cookie.Path}' is not a cookie's path");
        }

        foreach (var (i, attribute) in cookie.Attributes.Index())
        {
            if (CookieText.IsName(attribute.Name) && CookieText.IsValue(attribute.Value)) continue;
            throw new UnusableResourceException(at.At("attributes").At(i), "is not a cookie's attribute");
        }

        return new HashPolicyModel(HashSource.Cookie, cookie.Name, isTerminal)
        {
            CookieLifetime = CoreReader.Age(cookie.Ttl, at.At("ttl")),
            CookiePath = cookie.Path,
            CookieAttributes = [.. cookie.Attributes.Select(a => KeyValuePair.Create(a.Name, a.Value))],
        };
    }
}
