using System.Collections.Frozen;
using System.Collections.Immutable;

namespace MeshOrleans.Model.Tokens;

/// <summary>A header that may hold a token.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Prefix">What stands before the token, in any case; empty when nothing does.</param>
public sealed record TokenHeader(string Name, string Prefix);

/// <summary>A claim that is passed on in a header.</summary>
/// <param name="Header">The header.</param>
/// <param name="Claim">The claim; names of nested ones are joined by dots.</param>
public sealed record ClaimHeader(string Header, string Claim);

/// <summary>Which tokens of one issuer are accepted, where they are, and what is passed on of them.</summary>
public sealed record TokenRule
{
    /// <summary>The query parameter that holds a token where nothing else is said (RFC 6750 section 2.3).</summary>
    public const string DefaultParameter = "access_token";

    private static readonly ImmutableArray<TokenHeader> DefaultHeaders = [new("authorization", "Bearer ")];
    private static readonly ImmutableArray<string> DefaultParameters = [DefaultParameter];

    /// <summary>Who has to have issued a token; empty when that is not asked.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>For whom a token may be; none means anybody.</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>The issuer's keys. Without any no token is accepted.</summary>
    public JsonWebKeySet Keys { get; init; } = JsonWebKeySet.Empty;

    /// <summary>Headers that may hold the token.</summary>
    public ImmutableArray<TokenHeader> FromHeaders { get; init; } = [];

    /// <summary>Query parameters that may hold the token.</summary>
    public ImmutableArray<string> FromParameters { get; init; } = [];

    /// <summary>Cookies that may hold the token.</summary>
    public ImmutableArray<string> FromCookies { get; init; } = [];

    /// <summary>Whether the token itself is passed on.</summary>
    public bool Forward { get; init; }

    /// <summary>The header in which the payload is passed on; empty for none.</summary>
    public string PayloadHeader { get; init; } = "";

    /// <summary>The claims that are passed on.</summary>
    public ImmutableArray<ClaimHeader> ClaimHeaders { get; init; } = [];

    /// <summary>Claims whose text is a list, separated by spaces, to whoever asks for a value.</summary>
    public FrozenSet<string> SpaceDelimited { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The headers to look at: those that are named, or by default that of RFC 6750 section 2.1.</summary>
    public ImmutableArray<TokenHeader> Headers => NamesNone ? DefaultHeaders : FromHeaders;

    /// <summary>The parameters to look at: those that are named, or by default that of RFC 6750 section 2.3.</summary>
    public ImmutableArray<string> Parameters => NamesNone ? DefaultParameters : FromParameters;

    private bool NamesNone => FromHeaders.IsEmpty && FromParameters.IsEmpty && FromCookies.IsEmpty;
}
