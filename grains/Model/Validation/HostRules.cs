using System.Collections.Immutable;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of host names and of who sees a resource.</summary>
internal static class HostRules
{
    /// <summary>A DNS name whose left-most label may be a wildcard.</summary>
    public static void CheckWildcard(string host, FieldPath path, RuleReport report)
    {
        if (host == "*") return;
        Check(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host, path, report);
    }

    /// <summary>A DNS name without wildcard.</summary>
    public static void Check(string host, FieldPath path, RuleReport report)
    {
        if (WhyNoHost(host) is { } reason) report.Error(path, reason);
    }

    public static bool IsHost(string host) => WhyNoHost(host) is null;

    /// <summary>Where it is sent: a host is needed, subset and port must be well-formed.</summary>
    public static void CheckDestination(Config.Destination? destination, FieldPath path, RuleReport report)
    {
        if (destination is null)
        {
            report.Error(path, "destination is required");
            return;
        }

        if (destination.Host.Length == 0) report.Error(path.At("host"), "destination host is required");
        else if (!ValueRules.IsAddress(destination.Host)) CheckWildcard(destination.Host, path.At("host"), report);

        if (destination.Subset.Length > 0) CheckSubsetName(destination.Subset, path.At("subset"), report);
        ValueRules.CheckPort(destination.Port?.Number, path.At("port").At("number"), report);
    }

    public static void CheckSubsetName(string name, FieldPath path, RuleReport report)
    {
        if (name.Length == 0) report.Error(path, "subset name cannot be empty");
        else if (!IsLabel(name)) report.Error(path, $"subset name is invalid: {name}");
    }

    public static void CheckExportTo(ImmutableArray<string> exportTo, string ns, FieldPath path, RuleReport report)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, target) in exportTo.Index())
        {
            if (target is not ("." or "*" or "~") && !IsLabel(target))
            {
                report.Error(path.At(i), $"invalid namespace \"{target}\" in exportTo");
            }
            if (!seen.Add(target == "." ? ns : target))
            {
                report.Error(path.At(i), $"duplicate entries in exportTo: {target}");
            }
        }

        if (exportTo.Length < 2) return;
        report.ErrorIf(
            exportTo.Contains("*"),
            path,
            "cannot have both public (*) and non-public exportTo values for a resource");
        report.ErrorIf(
            exportTo.Contains("~"),
            path,
            "cannot have both none (~) and other exportTo values for a resource");
    }

    private static string? WhyNoHost(string host)
    {
        if (host.Length == 0) return "domain name cannot be empty";
        if (host.Length > 255) return $"domain name \"{host[..40]}…\" too long (max 255)";
        var name = host.EndsWith('.') ? host[..^1] : host;
        foreach (var label in name.Split('.'))
        {
            if (!IsLabel(label)) return $"domain name \"{host}\" invalid (label \"{label}\" invalid)";
        }

        return null;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63
        && char.IsAsciiLetterOrDigit(label[0]) && char.IsAsciiLetterOrDigit(label[^1])
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
