using System.Collections.Immutable;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Collects what is wrong while a document is read.</summary>
internal sealed class Findings
{
    /// <summary>Accepted, but deprecated.</summary>
    public const string DeprecatedCode = "IST0002";

    /// <summary>Accepted, but no field of the API.</summary>
    public const string SchemaWarningCode = "IST0133";

    private readonly List<Violation> violations = [];

    /// <summary>
    /// Whether the document was written by <see cref="ConfigJson.Write"/>: it has the fields of a stored resource, and
    /// what no reader asks for is left alone, because a newer version may have written it.
    /// </summary>
    public bool IsStored { get; init; }

    /// <summary>
    /// Whether every value could be read. A rule that looks at a value which could not would mislead.
    /// </summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Whether there are so many that nobody will read more.</summary>
    public bool IsFull => violations.Count >= DocumentLimits.MaxFaults;

    public bool HasErrors => violations.Exists(v => v.Severity == Severity.Error);

    public void Error(FieldPath path, string message, int line) =>
        violations.Add(new Violation(path, message, Line: line));

    /// <summary>An error that leaves a value unread.</summary>
    public void Unreadable(FieldPath path, string message, int line)
    {
        IsComplete = false;
        Error(path, message, line);
    }

    public void Warn(FieldPath path, string message, int line, string code) =>
        violations.Add(new Violation(path, message, code, Severity.Warning, Line: line));

    public ImmutableArray<Violation> ToImmutable() => [.. violations];
}
