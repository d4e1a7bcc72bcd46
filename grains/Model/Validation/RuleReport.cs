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

    /// <summary>An error of a manifest that is right in itself: the sidecars cannot do what it asks for.</summary>
    public void Unsupported(FieldPath path, string what, string advice) => violations.Add(new Violation(
        path, $"{what} is not supported by this version's sidecars; {advice}", Violation.UnsupportedCode));

    /// <summary>A warning of something that has no effect, and does no harm without one.</summary>
    public void NotActedOn(FieldPath path, string what) => violations.Add(new Violation(
        path, $"{what} is accepted but not acted on by this version", Violation.NotActedOnCode, Severity.Warning));

    /// <summary>An error when the condition holds.</summary>
    public void ErrorIf(bool condition, FieldPath path, string message)
    {
        if (condition) Error(path, message);
    }

    public ImmutableArray<Violation> ToImmutable() => [.. violations];
}
