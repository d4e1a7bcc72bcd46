using System.Collections.Immutable;

namespace MeshOrleans.Model.Validation;

/// <summary>
/// Collects what the rules find: every violation, because an operator fixes a file once, not ten times.
/// </summary>
internal sealed class RuleReport
{
    /// <summary>Istio's code for what is accepted, but probably not meant.</summary>
    private const string WarningCode = "IST0133";

    private readonly List<Violation> violations = [];

    public void Error(FieldPath path, string message) => violations.Add(new Violation(path, message));

    public void Warn(FieldPath path, string message) =>
        violations.Add(new Violation(path, message, WarningCode, Severity.Warning));

    /// <summary>An error when the condition holds.</summary>
    public void ErrorIf(bool condition, FieldPath path, string message)
    {
        if (condition) Error(path, message);
    }

    public ImmutableArray<Violation> ToImmutable() => [.. violations];
}
