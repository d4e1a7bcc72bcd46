namespace MeshOrleans.Model.Validation;

/// <summary>How bad a finding is.</summary>
public enum Severity
{
    /// <summary>The manifest is refused.</summary>
    Error,

    /// <summary>The manifest is accepted; the author should know.</summary>
    Warning,

    /// <summary>Nothing is wrong; the author may like to know.</summary>
    Info,
}

/// <summary>One thing that is wrong with a manifest, with the place where it is wrong.</summary>
/// <param name="Path">The field.</param>
/// <param name="Message">What is wrong, in words that say what to do.</param>
/// <param name="Code">The stable code of the rule (IST0106 and its kin, or MSH2xxx for own rules).</param>
/// <param name="Severity">Error or warning.</param>
/// <param name="File">The file as the caller named it; empty when none.</param>
/// <param name="Line">The line in that file, counted from 1; 0 when unknown.</param>
/// <param name="Resource">The resource as Kind/namespace/name; empty when it could not be read.</param>
public sealed record Violation(
    FieldPath Path,
    string Message,
    string Code = Violation.SchemaCode,
    Severity Severity = Severity.Error,
    string File = "",
    int Line = 0,
    string Resource = "")
{
    /// <summary>Istio's code for a manifest that fails validation.</summary>
    public const string SchemaCode = "IST0106";

    /// <summary>Istio allows it, and this version's sidecars cannot do it: refused.</summary>
    public const string UnsupportedCode = "MSH2001";

    /// <summary>Istio allows it, and in this version it has no effect: accepted with a warning.</summary>
    public const string NotActedOnCode = "MSH2002";
}
