using System.Collections.Immutable;
using System.Text.RegularExpressions;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of header names and of changes to headers.</summary>
internal static partial class HeaderRules
{
    public static void Check(HeaderOperations headers, FieldPath path, RuleReport report)
    {
        var (request, response) = (path.At("request"), path.At("response"));
        CheckValues(headers.Request.Set, request.At("set"), true, report);
        CheckValues(headers.Request.Add, request.At("add"), true, report);
        CheckRemoved(headers.Request.Remove, request.At("remove"), report);
        CheckValues(headers.Response.Set, response.At("set"), false, report);
        CheckValues(headers.Response.Add, response.At("add"), false, report);
        CheckRemoved(headers.Response.Remove, response.At("remove"), report);
    }

    /// <summary>The name of a header to compare; <c>:method</c> and its kin are allowed.</summary>
    public static void CheckMatchName(string name, FieldPath path, RuleReport report)
    {
        if (name.Length == 0) report.Error(path, "header name cannot be empty");
        else if (!IsToken(name.StartsWith(':') ? name[1..] : name))
        {
            report.Error(path, $"header name {name} is not a valid header name");
        }
    }

    public static bool IsToken(string name) => Token().IsMatch(name);

    /// <summary>Headers that are set, with their values.</summary>
    public static void CheckValues(
        ImmutableSortedDictionary<string, string> values,
        FieldPath path,
        bool mayRewriteHost,
        RuleReport report)
    {
        foreach (var (name, value) in values)
        {
            if (!(mayRewriteHost && IsAuthority(name))) CheckName(name, path.At(name), report);
            if (Evaluation.FramingHeaders.Contains(name))
            {
                report.NotActedOn(path.At(name), $"{name}, which is the proxy's own to say,");
            }

            if (!Value().IsMatch(value)) report.Error(path.At(name), $"header value configuration {value} is invalid");
        }
    }

    private static void CheckRemoved(ImmutableArray<string> names, FieldPath path, RuleReport report)
    {
        foreach (var (i, name) in names.Index()) CheckName(name, path.At(i), report);
    }

    private static void CheckName(string name, FieldPath path, RuleReport report)
    {
        if (name.Length == 0) report.Error(path, "header name cannot be empty");
        else if (name.StartsWith(':'))
        {
            report.Error(path, $"invalid header \"{name}\": header cannot have \":\" prefix");
        }
        else if (IsAuthority(name)) report.Error(path, $"invalid header \"{name}\": cannot set Host header");
        else if (!IsToken(name)) report.Error(path, $"header name {name} is not a valid header name");
    }

    private static bool IsAuthority(string name) =>
        name.Equals("host", StringComparison.OrdinalIgnoreCase) || name.Equals(":authority", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Token();

    /// <summary>
    /// Text with Envoy's formatters, <c>%NAME(argument):length%</c>; a percent sign itself is doubled.
    /// </summary>
    [GeneratedRegex(
        @"^([^%\r\n\0]|%%|%[A-Z][A-Z0-9_]*(\([^()%]*\))?(:[0-9]+)?%)*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Value();
}
