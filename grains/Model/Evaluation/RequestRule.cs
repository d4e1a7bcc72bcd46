using System.Collections.Immutable;
using System.Net;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// A node of a policy's permissions or principals (<c>envoy.config.rbac.v3.Permission</c> and <c>Principal</c>; one
/// tree for both, as the same things are asked). A closed set.
/// </summary>
public abstract record RequestRule
{
    private RequestRule()
    {
    }

    /// <summary>Every part must hold; an empty one holds.</summary>
    public sealed record And(ImmutableArray<RequestRule> Rules) : RequestRule;

    /// <summary>One part must hold; an empty one does not.</summary>
    public sealed record Or(ImmutableArray<RequestRule> Rules) : RequestRule;

    /// <summary>The part must not hold. An absent attribute does not hold, so its negation does.</summary>
    public sealed record Not(RequestRule Rule) : RequestRule;

    /// <summary>Always holds.</summary>
    public sealed record Always : RequestRule;

    /// <summary>A header (or <c>:method</c>, <c>:authority</c>).</summary>
    public sealed record Header(HeaderMatcher Matcher) : RequestRule;

    /// <summary>The path without query.</summary>
    public sealed record UrlPath(StringMatcher Matcher) : RequestRule;

    /// <summary>The path against a template.</summary>
    public sealed record UrlTemplate(PathTemplate Template) : RequestRule;

    /// <summary>The address that was called.</summary>
    public sealed record DestinationAddress(IPNetwork Network) : RequestRule;

    /// <summary>The port that was called, both ends included.</summary>
    public sealed record DestinationPorts(int First, int Last) : RequestRule;

    /// <summary>The server name of the TLS handshake.</summary>
    public sealed record ServerName(StringMatcher Matcher) : RequestRule;

    /// <summary>A peer with mTLS, and its SPIFFE URI if one is asked for.</summary>
    /// <param name="Id">What the URI is compared with; null for any.</param>
    public sealed record Authenticated(StringMatcher? Id) : RequestRule;

    /// <summary>A claim of the request's verified token. Without a token there is none.</summary>
    /// <param name="Path">The names that lead to it.</param>
    /// <param name="Matcher">What it is compared with.</param>
    public sealed record TokenClaim(ImmutableArray<string> Path, ClaimMatcher Matcher) : RequestRule;

    /// <summary>The address of the direct peer.</summary>
    public sealed record SourceAddress(IPNetwork Network) : RequestRule;

    /// <summary>The address of the original client.</summary>
    public sealed record RemoteAddress(IPNetwork Network) : RequestRule;
}
