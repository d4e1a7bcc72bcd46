using System.Buffers;
using System.Globalization;
using System.Net;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of single values.</summary>
internal static class ValueRules
{
    private const int MaxRegexLength = 1024;

    private static readonly SearchValues<char> EndOfTarget =
        SearchValues.Create([.. Enumerable.Range(0, ' ' + 1).Append(0x7f).Select(c => (char)c)]);

    /// <summary>At least a millisecond, and whole ones; null is fine.</summary>
    public static void CheckDuration(TimeSpan? value, FieldPath path, RuleReport report)
    {
        if (value is not { } duration) return;
        if (duration < TimeSpan.FromMilliseconds(1)) report.Error(path, "duration must be greater than 1ms");
        else if (duration.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            report.Error(path, "only durations to ms precision are supported");
        }
    }

    public static void CheckPort(int? port, FieldPath path, RuleReport report)
    {
        if (port is < 1 or > ushort.MaxValue) report.Error(path, $"port number {port} must be in the range 1..65535");
    }

    public static void CheckPercent(double? percent, FieldPath path, RuleReport report)
    {
        if (percent is < 0 or > 100) report.Error(path, $"percentage {percent} is not in range 0..100");
    }

    public static void CheckNotNegative(int? value, FieldPath path, string what, RuleReport report)
    {
        if (value < 0) report.Error(path, $"{what} must be non-negative");
    }

    /// <summary>What becomes part of a request's target: a character that ends it would begin a request of somebody's own.</summary>
    public static void CheckTargetPart(string text, FieldPath path, RuleReport report) => report.ErrorIf(
        text.AsSpan().ContainsAny(EndOfTarget),
        path,
        "must not have spaces or control characters; write them percent-encoded (%20)");

    /// <summary>What becomes the host of a request; empty is fine.</summary>
    public static void CheckAuthority(string text, FieldPath path, RuleReport report) => report.ErrorIf(
        text.AsSpan().ContainsAny(EndOfTarget) || text.AsSpan().ContainsAny('/', '?', '#') || text.Contains('@'),
        path,
        $"\"{text}\" is not a host, or a host and a port");

    /// <summary>RE2 as the sidecars understand it: no look-around, no back-references.</summary>
    public static void CheckRegex(string regex, FieldPath path, RuleReport report)
    {
        if (regex.Length == 0) report.Error(path, "regex string match should not be empty");
        else if (regex.Length > MaxRegexLength)
        {
            report.Error(path, $"regex is too large, max length allowed is {MaxRegexLength}");
        }
        else if (WhyNoRegex(regex) is { } reason)
        {
            report.Error(
                path,
                $"{reason}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)");
        }
    }

    /// <summary>An address with an optional prefix length.</summary>
    public static bool IsAddressOrBlock(string text) =>
        text.Contains('/') ? IsBlock(text) : IsAddress(text);

    public static bool IsAddress(string text) => IPAddress.TryParse(text, out _) && IsCanonicalAddress(text);

    private static bool IsBlock(string text)
    {
        var slash = text.IndexOf('/');
        return IsAddress(text[..slash])
            && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, null, out var length)
            && length <= (text.Contains(':') ? 128 : 32);
    }

    /// <summary>The platform's parser also takes "1" and "0x7f.1"; IPv4 has four parts here.</summary>
    private static bool IsCanonicalAddress(string text) =>
        text.Contains(':') || (text.Count(c => c == '.') == 3 && text.All(c => char.IsAsciiDigit(c) || c == '.'));

    /// <summary>The engine that will run it decides, so that no sidecar refuses what was accepted here.</summary>
    private static string? WhyNoRegex(string regex)
    {
        try
        {
            _ = Re2Pattern.CompileFull(regex);
            return null;
        }
        catch (FormatException exception)
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
