using System.Text.RegularExpressions;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of the conditions of an AuthorizationPolicy.</summary>
internal static partial class AuthorizationConditionRules
{
    private static readonly HashSet<string> Attributes = new(StringComparer.Ordinal)
    {
        "source.ip", "remote.ip", "source.namespace", "source.principal", "source.serviceAccount", "source.trustDomain",
        "request.auth.principal", "request.auth.audiences", "request.auth.presenter", "destination.ip", "destination.port",
        "connection.sni",
    };

    public static void Check(AuthorizationCondition condition, FieldPath path, RuleReport report)
    {
        if (condition.Key.Length == 0) report.Error(path.At("key"), "`key` must not be empty");
        else if (!IsAttribute(condition.Key)) report.Error(path.At("key"), $"unknown attribute: {condition.Key}");
        if (condition.Values.IsEmpty && condition.NotValues.IsEmpty)
        {
            report.Error(path, "at least one of `values` or `notValues` must be set");
        }

        foreach (var (name, values) in new[] { ("values", condition.Values), ("notValues", condition.NotValues) })
        {
            foreach (var (i, value) in values.Index()) CheckValue(condition.Key, value, path.At(name).At(i), report);
        }
    }

    public static void CheckPort(string port, FieldPath path, RuleReport report)
    {
        if (port.Length == 0) return;
        if (!int.TryParse(port, out var number) || number is < 1 or > ushort.MaxValue)
        {
            report.Error(path, $"invalid port \"{port}\": must be a number in range 1..65535");
        }
    }

    private static bool IsAttribute(string key) => Attributes.Contains(key) || Bracketed().IsMatch(key);

    private static void CheckValue(string key, string value, FieldPath path, RuleReport report)
    {
        if (value.Length == 0) report.Error(path, "must not be an empty string value");
        else if (key is "source.ip" or "remote.ip" or "destination.ip" && !ValueRules.IsAddressOrBlock(value))
        {
            report.Error(path, $"invalid IP/CIDR: \"{value}\"");
        }
        else if (key == "destination.port") CheckPort(value, path, report);
    }

    [GeneratedRegex(
        @"^(request\.headers\[[^\[\]]+\]|request\.auth\.claims(\[[^\[\]]+\])+|experimental\.envoy\.filters\.[^\[\]]+(\[.+\])?)\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Bracketed();
}
