using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

/// <summary>
/// Checks one row of the catalogue of invalid manifests (behaviour.md 5.2): a spec, and the field and words of its
/// refusal.
/// </summary>
internal static class RuleTable
{
    private const int SpecLine = 4;

    /// <summary>The manifest of a spec in flow style, which stands on line 4.</summary>
    public static Manifest Read(string kind, string spec)
    {
        var apiVersion = Model.Config.ConfigKind.All[kind].ApiVersions[0];
        var head = $"apiVersion: {apiVersion}\nkind: {Model.Config.ConfigKind.All[kind].WrittenAs}\nmetadata: {{ name: x, namespace: ns-self }}\n";
        var text = $"{head}spec: {spec}\n";
        return ManifestReader.Read("row.yaml", text).Validated();
    }

    /// <summary>Asserts that the spec is refused with these words at this field, by file, line and code.</summary>
    public static void Refuses(string kind, string spec, string path, string message) =>
        Finds(kind, spec, path, message, Severity.Error, "IST0106");

    /// <summary>Asserts that the spec is accepted, with these words of warning at this field.</summary>
    public static void Warns(string kind, string spec, string path, string message)
    {
        Finds(kind, spec, path, message, Severity.Warning, "IST0133");
        Assert.DoesNotContain(Read(kind, spec).Violations, v => v.Severity == Severity.Error);
    }

    /// <summary>Asserts that the spec is refused as right in itself, but beyond this version's sidecars.</summary>
    public static void Limits(string kind, string spec, string path, string message)
    {
        Finds(kind, spec, path, message, Severity.Error, "MSH2001");
        Assert.DoesNotContain(Read(kind, spec).Violations, v => v.Code == "IST0106");
    }

    /// <summary>Asserts that the spec is accepted, with a warning that this field has no effect.</summary>
    public static void Notes(string kind, string spec, string path, string message)
    {
        Finds(kind, spec, path, message, Severity.Warning, "MSH2002");
        Assert.DoesNotContain(Read(kind, spec).Violations, v => v.Severity == Severity.Error);
    }

    /// <summary>Asserts that nothing is wrong with the spec.</summary>
    public static void Accepts(string kind, string spec) =>
        Assert.Empty(Read(kind, spec).Violations.Select(v => $"{v.Path}: {v.Message}"));

    private static void Finds(string kind, string spec, string path, string message, Severity severity, string code)
    {
        var violations = Read(kind, spec).Violations;
        var match = violations.FirstOrDefault(v => (v.Severity, v.Code) == (severity, code)
            && v.Path.Text == (path.Length == 0 ? "spec" : $"spec.{path}")
            && v.Message.Contains(message, StringComparison.Ordinal));
        Assert.True(
            match is not null,
            $"Found instead: {string.Join("; ", violations.Select(v => $"{v.Code} {v.Path}: {v.Message}"))}");
        Assert.Equal(("row.yaml", SpecLine, $"{kind}/ns-self/x"), (match.File, match.Line, match.Resource));
    }
}
