using System.Collections.Immutable;
using System.Text.RegularExpressions;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of HTTPRoute and GRPCRoute.</summary>
/// <remarks>Source: the Gateway API's reference and the rules of its CRDs.</remarks>
internal static partial class RequestRouteRules
{
    private const int MaxRules = 16;
    private const int MaxMatches = 64;
    private const int MaxBackends = 16;
    private const int MaxWeight = 1_000_000;
    private const int MaxParents = 32;
    private const int MaxHostnames = 16;
    private const int MaxMatchesInAll = 128;
    private const int MaxText = 1024;
    private const int MaxParameterName = 256;

    private static readonly HashSet<string> _methods = new(StringComparer.Ordinal)
    {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    };

    public static void Check(RequestRoute route, string kind, FieldPath spec, RuleReport report)
    {
        if (kind == RequestRoute.GrpcKind) RequestFilterRules.CheckOfCalls(route, spec, report);
        CheckParents(route.ParentRefs, spec.At("parentRefs"), report);
        CheckHostnames(route.Hostnames, spec.At("hostnames"), report);
        CheckCount(route.Rules.Length, MaxRules, "rules", spec.At("rules"), report);
        CheckCount(route.Rules.Sum(rule => rule.Matches.Length), MaxMatchesInAll, "matches", spec.At("rules"), report);
        if (route.Rules.IsEmpty) report.Error(spec.At("rules"), "a route needs at least one rule; leave the field out for one");
        foreach (var (i, rule) in route.Rules.Index()) CheckRule(rule, spec.At("rules").At(i), report);
    }

    /// <summary>What a route of any kind attaches to.</summary>
    public static void CheckParents(ImmutableArray<ParentReference> parents, FieldPath path, RuleReport report)
    {
        if (parents.IsEmpty) report.NotActedOn(path, "a route without parentRefs, which attaches to nothing,");
        CheckCount(parents.Length, MaxParents, "parentRefs", path, report);
        report.ErrorIf(parents.Distinct().Count() < parents.Length, path, "a parent is named twice");
        foreach (var (i, parent) in parents.Index())
        {
            var at = path.At(i);
            if (parent.Name.Length == 0) report.Error(at, "a parent needs a name");
            ValueRules.CheckPort(parent.Port, at.At("port"), report);
            if (parent.IsService || parent.IsGateway) continue;
            report.NotActedOn(at, $"a parent of kind {parent.Kind} (group \"{parent.Group}\"), which is neither a Gateway "
                + "nor a Service (group \"\"),");
        }
    }

    public static void CheckHostnames(ImmutableArray<string> hostnames, FieldPath path, RuleReport report)
    {
        CheckCount(hostnames.Length, MaxHostnames, "hostnames", path, report);
        foreach (var (i, host) in hostnames.Index()) CheckHostname(host, path.At(i), report);
    }

    public static void CheckHostname(string host, FieldPath path, RuleReport report)
    {
        if (ValueRules.IsAddress(host)) report.Error(path, $"\"{host}\" is an address, and no host name");
        else if (host.EndsWith('.')) report.Error(path, $"\"{host}\" ends in a dot, which no Host header does");
        else if (host == "*") report.Error(path, "\"*\" is no host name: leave the field out for every host");
        else HostRules.CheckWildcard(host, path, report);
    }

    /// <summary>Where a rule of any kind leads.</summary>
    public static void CheckBackends(ImmutableArray<BackendReference> backends, FieldPath path, RuleReport report)
    {
        CheckCount(backends.Length, MaxBackends, "backendRefs", path, report);
        foreach (var (i, backend) in backends.Index())
        {
            CheckTarget(backend, path.At(i), report);
            if (backend.Weight is < 0 or > MaxWeight)
            {
                report.Error(path.At(i).At("weight"), $"weight {backend.Weight} is not from 0 to {MaxWeight}");
            }
        }
    }

    public static void CheckTarget(BackendReference backend, FieldPath path, RuleReport report)
    {
        if (backend.Name.Length == 0) report.Error(path, "a backend needs a name");
        if (backend is { IsService: true, Port: null }) report.Error(path, "a backend of kind Service needs a port");
        ValueRules.CheckPort(backend.Port, path.At("port"), report);
    }

    private static void CheckRule(RequestRule rule, FieldPath path, RuleReport report)
    {
        CheckCount(rule.Matches.Length, MaxMatches, "matches", path.At("matches"), report);
        foreach (var (i, match) in rule.Matches.Index()) CheckMatch(match, path.At("matches").At(i), report);
        RequestFilterRules.Check(rule, path, report);
        CheckBackends(rule.Backends, path.At("backendRefs"), report);
        foreach (var (i, backend) in rule.Backends.Index())
        {
            RequestFilterRules.CheckOfBackend(backend.Filters, path.At("backendRefs").At(i).At("filters"), report);
        }

        CheckTimeouts(rule, path.At("timeouts"), report);
        CheckRetry(rule.Retry, path.At("retry"), report);
    }

    private static void CheckMatch(RequestMatch match, FieldPath path, RuleReport report)
    {
        if (match.Call is { } call) CheckCall(call, path.At("method"), report);
        else CheckPath(match.Path, path.At("path").At("value"), report);
        if (match.Method.Length > 0 && !_methods.Contains(match.Method))
        {
            report.Error(path.At("method"), $"\"{match.Method}\" is none of {string.Join(", ", _methods)}");
        }

        foreach (var (i, header) in match.Headers.Index())
        {
            HeaderRules.CheckMatchName(header.Name, path.At("headers").At(i).At("name"), report);
            CheckValue(header.Value, path.At("headers").At(i).At("value"), report);
        }

        foreach (var (i, parameter) in match.QueryParams.Index())
        {
            var at = path.At("queryParams").At(i);
            report.ErrorIf(
                parameter.Name.Length is 0 or > MaxParameterName,
                at.At("name"),
                $"a query parameter needs a name of 1 to {MaxParameterName} characters");
            CheckValue(parameter.Value, at.At("value"), report);
        }
    }

    private static void CheckCall(GrpcCall call, FieldPath path, RuleReport report)
    {
        if (call is { Service: "", Method: "" }) report.Error(path, "a service, a method or both are needed");
        report.ErrorIf(call.Service.Length > MaxText, path.At("service"), $"has more than {MaxText} characters");
        report.ErrorIf(call.Method.Length > MaxText, path.At("method"), $"has more than {MaxText} characters");
        if (call.ToPath() is { Kind: StringMatchKind.Regex, Value: var whole }) ValueRules.CheckRegex(whole, path, report);
        var (service, method) = (path.At("service"), path.At("method"));
        if (call.IsRegex)
        {
            if (call.Service.Length > 0) ValueRules.CheckRegex(call.Service, service, report);
            if (call.Method.Length > 0) ValueRules.CheckRegex(call.Method, method, report);
            return;
        }

        report.ErrorIf(
            call.Service.Length > 0 && !Service().IsMatch(call.Service), service, $"\"{call.Service}\" is no gRPC service");
        report.ErrorIf(
            call.Method.Length > 0 && !Method().IsMatch(call.Method), method, $"\"{call.Method}\" is no gRPC method");
    }

    [GeneratedRegex(
        @"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PathText();

    [GeneratedRegex(@"^\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Service();

    [GeneratedRegex(@"^[A-Za-z_]\w*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Method();

    private static void CheckValue(StringMatch value, FieldPath path, RuleReport report)
    {
        if (value.Value.Length == 0) report.Error(path, "a value is needed");
        else if (value.Kind is StringMatchKind.Regex) ValueRules.CheckRegex(value.Value, path, report);
    }

    private static void CheckPath(StringMatch match, FieldPath path, RuleReport report)
    {
        if (match.Kind is StringMatchKind.Regex)
        {
            ValueRules.CheckRegex(match.Value, path, report);
            return;
        }

        report.ErrorIf(match.Value.Length > MaxText, path, $"has more than {MaxText} characters");
        if (!match.Value.StartsWith('/')) report.Error(path, $"\"{match.Value}\" does not start with /");
        else if (!PathText().IsMatch(match.Value)) report.Error(path, $"\"{match.Value}\" has characters that no path has");
        string[] forbidden = ["//", "/./", "/../", "%2f", "%2F", "#"];
        foreach (var part in forbidden)
        {
            if (!match.Value.Contains(part, StringComparison.Ordinal)) continue;
            report.Error(path, $"\"{match.Value}\" has {part}, which no normalised path has");
        }

        if (match.Value.EndsWith("/..", StringComparison.Ordinal) || match.Value.EndsWith("/.", StringComparison.Ordinal))
        {
            report.Error(path, $"\"{match.Value}\" ends in dots, which no normalised path does");
        }
    }

    private static void CheckTimeouts(RequestRule rule, FieldPath path, RuleReport report)
    {
        if (rule.RequestTimeout > TimeSpan.Zero) ValueRules.CheckDuration(rule.RequestTimeout, path.At("request"), report);
        if (rule.BackendTimeout > TimeSpan.Zero)
        {
            ValueRules.CheckDuration(rule.BackendTimeout, path.At("backendRequest"), report);
        }

        if (rule.RequestTimeout < TimeSpan.Zero) report.Error(path.At("request"), "must not be negative");
        if (rule.BackendTimeout < TimeSpan.Zero) report.Error(path.At("backendRequest"), "must not be negative");
        if (rule.RequestTimeout > TimeSpan.Zero && rule.BackendTimeout > rule.RequestTimeout)
        {
            report.Error(path.At("backendRequest"), "must not be longer than request");
        }
    }

    private static void CheckRetry(HttpRetry? retry, FieldPath path, RuleReport report)
    {
        if (retry is null) return;
        ValueRules.CheckNotNegative(retry.Attempts, path.At("attempts"), "attempts", report);
        ValueRules.CheckDuration(retry.Backoff, path.At("backoff"), report);
        foreach (var word in retry.RetryOn.Split(',').Where(word => int.TryParse(word, out _)))
        {
            if (word is not [>= '4' and <= '5', _, _]) report.Error(path.At("codes"), $"{word} is not from 400 to 599");
        }
    }

    internal static void CheckCount(int count, int max, string what, FieldPath path, RuleReport report) =>
        report.ErrorIf(count > max, path, $"there are {count} {what}; {max} are allowed");
}
