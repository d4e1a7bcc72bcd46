using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Which JSON web tokens are accepted (security.istio.io).</summary>
public sealed record RequestAuthentication : ConfigSpec
{
    /// <summary>The workloads it is for; null means all of the namespace.</summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>The resources it is attached to; exclusive with <see cref="Selector"/>.</summary>
    public ImmutableArray<PolicyTarget> TargetRefs { get; init; } = [];

    /// <summary>One rule per issuer.</summary>
    public ImmutableArray<JwtRule> JwtRules { get; init; } = [];
}

/// <summary>Which tokens of one issuer are accepted.</summary>
public sealed record JwtRule
{
    /// <summary>Who signs; empty when only <see cref="JwksUri"/> is given.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>Audiences of which a token must name one; none means any.</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>Where the issuer's keys are; empty when they are in <see cref="Jwks"/>.</summary>
    public string JwksUri { get; init; } = "";

    /// <summary>The issuer's keys, a JSON web key set; empty when they are at <see cref="JwksUri"/>.</summary>
    public string Jwks { get; init; } = "";

    /// <summary>Headers that may hold the token.</summary>
    public ImmutableArray<JwtHeader> FromHeaders { get; init; } = [];

    /// <summary>Query parameters that may hold the token.</summary>
    public ImmutableArray<string> FromParams { get; init; } = [];

    /// <summary>Cookies that may hold the token.</summary>
    public ImmutableArray<string> FromCookies { get; init; } = [];

    /// <summary>Header that the verified payload is passed on in; empty for none.</summary>
    public string OutputPayloadToHeader { get; init; } = "";

    /// <summary>Claims that are passed on in headers.</summary>
    public ImmutableArray<ClaimToHeader> OutputClaimToHeaders { get; init; } = [];

    /// <summary>Whether the token itself is passed on.</summary>
    public bool ForwardOriginalToken { get; init; }

    /// <summary>Bound of fetching the keys; null means 5 s.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Claims that hold several values separated by spaces.</summary>
    public ImmutableArray<string> SpaceDelimitedClaims { get; init; } = [];
}

/// <summary>A header that may hold a token.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Prefix">What stands before the token; empty when nothing.</param>
public sealed record JwtHeader(string Name, string Prefix);

/// <summary>A claim that is passed on in a header.</summary>
/// <param name="Header">The header.</param>
/// <param name="Claim">The claim.</param>
public sealed record ClaimToHeader(string Header, string Claim);
