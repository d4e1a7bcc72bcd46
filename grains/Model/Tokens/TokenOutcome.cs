namespace MeshOrleans.Model.Tokens;

/// <summary>What became of the tokens of one request.</summary>
/// <param name="Problem">Why the request is refused; <see cref="TokenProblem.None"/> when it passes.</param>
/// <param name="Token">The token that counts; null when none was sent, or none is accepted.</param>
/// <param name="Rule">The rule that has accepted it; null when none has.</param>
public readonly record struct TokenOutcome(TokenProblem Problem, VerifiedToken? Token, TokenRule? Rule);
