using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes the question "who calls". Within a field any value will do; all fields must hold.</summary>
/// <remarks>
/// A caller without mTLS has no identity: it matches no positive condition on one, and every negative. Identities are
/// compared segment by segment, so that a wildcard cannot reach from one part of a SPIFFE ID into the next.
/// </remarks>
internal static class PrincipalTranslator
{
    private const string Scheme = "spiffe://";
    private const string DefaultTrustDomain = "cluster.local";

    public static IEnumerable<Principal> Translate(AuthorizationSource source, RuleContext context)
    {
        var principals = new List<Principal>();
        Add(principals, source.Principals, source.NotPrincipals, p => Identity(p, context));
        Add(principals, source.Namespaces, source.NotNamespaces, Namespace);
        Add(principals, source.ServiceAccounts, source.NotServiceAccounts, a => ServiceAccount(a, context));
        Add(principals, source.TrustDomains, source.NotTrustDomains, TrustDomain);
        Add(principals, source.IpBlocks, source.NotIpBlocks, DirectAddress);
        Add(principals, source.RemoteIpBlocks, source.NotRemoteIpBlocks, RemoteAddress);
        if (!context.IsTcp)
        {
            Add(principals, source.RequestPrincipals, source.NotRequestPrincipals, TokenPrincipals.Of);
        }

        return principals;
    }

    public static bool AsksRequest(AuthorizationSource source) =>
        !source.RequestPrincipals.IsEmpty || !source.NotRequestPrincipals.IsEmpty;

    /// <summary>The values as one principal, and the negative values as another.</summary>
    public static void Add(
        List<Principal> principals,
        ImmutableArray<string> values,
        ImmutableArray<string> notValues,
        Func<string, IEnumerable<Principal>> translate)
    {
        if (!values.IsDefaultOrEmpty) principals.Add(Rbac.Any([.. values.SelectMany(translate)]));
        if (!notValues.IsDefaultOrEmpty) principals.Add(Rbac.Not(Rbac.Any([.. notValues.SelectMany(translate)])));
    }

    /// <summary>
    /// <c>td/ns/N/sa/S</c>. The mesh's own trust domain, and <c>cluster.local</c> which stands for it everywhere,
    /// means all domains that count as its own.
    /// </summary>
    public static IEnumerable<Principal> Identity(string pattern, RuleContext context)
    {
        var slash = pattern.IndexOf('/');
        var domain = slash < 0 ? pattern : pattern[..slash];
        if (slash < 0 || !(domain == DefaultTrustDomain || context.TrustDomains.Contains(domain)))
        {
            return [Authenticated(PatternText.Matcher(pattern, Scheme))];
        }

        return context.TrustDomains
            .Select(own => Authenticated(PatternText.Matcher(own + pattern[slash..], Scheme)));
    }

    public static IEnumerable<Principal> Namespace(string pattern) =>
        [Authenticated(PatternText.Regex($"spiffe://[^/]+/ns/{PatternText.Segment(pattern)}/.+"))];

    public static IEnumerable<Principal> ServiceAccount(string account, RuleContext context)
    {
        var slash = account.IndexOf('/');
        var ns = slash < 0 ? context.Namespace : account[..slash];
        var name = account[(slash + 1)..];
        var path = $"/ns/{RegexText.Quote(ns)}/sa/{RegexText.Quote(name)}";
        return [Authenticated(PatternText.Regex($"spiffe://[^/]+{path}"))];
    }

    public static IEnumerable<Principal> TrustDomain(string pattern) =>
        [Authenticated(PatternText.Regex($"spiffe://{PatternText.Segment(pattern)}/.+"))];

    public static IEnumerable<Principal> DirectAddress(string block) =>
        Addresses.Network(block) is { } range ? [new Principal { DirectRemoteIp = range }] : [];

    public static IEnumerable<Principal> RemoteAddress(string block) =>
        Addresses.Network(block) is { } range ? [new Principal { RemoteIp = range }] : [];

    private static Principal Authenticated(StringMatcher name) =>
        new() { Authenticated = new() { PrincipalName = name } };
}
