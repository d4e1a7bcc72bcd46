using System.Collections.Immutable;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Evaluation;

/// <summary>A condition of a route on a claim of the request's verified token.</summary>
/// <param name="Path">The names that lead to the claim.</param>
/// <param name="Matcher">What it is compared with.</param>
/// <param name="Invert">Turns the outcome round: then a request without the claim, or without a token, matches.</param>
public sealed record ClaimCondition(ImmutableArray<string> Path, ClaimMatcher Matcher, bool Invert = false)
{
    /// <summary>Decides for the token of a request; null when it has none.</summary>
    public bool Matches(VerifiedToken? token) => (token is not null && token.Holds(Path, Matcher)) != Invert;
}
