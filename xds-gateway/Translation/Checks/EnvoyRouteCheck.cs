using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Matcher;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>Checks route tables as an Envoy does, as far as it goes beyond what every proxy demands.</summary>
internal static class EnvoyRouteCheck
{
    private const uint DefaultMaxBody = 4096;

    public static void Check(RouteConfiguration table, List<string> faults)
    {
        var maxBody = table.MaxDirectResponseBodySizeBytes ?? DefaultMaxBody;
        foreach (var host in table.VirtualHosts)
        {
            foreach (var domain in host.Domains)
            {
                var fixedPart = domain.StartsWith('*') ? domain[1..] : domain.EndsWith('*') ? domain[..^1] : domain;
                if (domain.Length == 0 || fixedPart.Contains('*')) faults.Add($"{table.Name}: domain '{domain}'.");
            }

            foreach (var route in host.Routes)
            {
                var where = $"{table.Name}/{host.Name}/{route.Name}";
                if (route.Match is { } match) Check(where, match, faults);
                if (route.DirectResponse?.Body?.InlineBytes.Length > maxBody)
                {
                    faults.Add($"{where}: the body is too long.");
                }

                if (route.Route_ is { } action) Check(where, action, faults);
                CheckHeaders(where, route.RequestHeadersToAdd.Concat(route.ResponseHeadersToAdd), faults);
                foreach (var any in route.TypedPerFilterConfig.Values)
                {
                    if (any.TryUnpack<HTTPFault>(out var fault)) Check(where, fault, faults);
                }
            }
        }
    }

    private static void Check(string where, RouteMatch match, List<string> faults)
    {
        if (match.SafeRegex is { Regex.Length: 0 }) faults.Add($"{where}: an empty expression.");
        foreach (var header in match.Headers)
        {
            if (!IsHeaderName(header.Name)) faults.Add($"{where}: header name '{header.Name}'.");
            Check(where, header.StringMatch, faults);
        }

        foreach (var parameter in match.QueryParameters)
        {
            if (parameter.Name.Length is 0 or > 1024) faults.Add($"{where}: query name '{parameter.Name}'.");
            Check(where, parameter.StringMatch, faults);
        }
    }

    private static void Check(string where, StringMatcher? text, List<string> faults)
    {
        if (text is null) return;
        var isEmpty = text.MatchPatternCase switch
        {
            StringMatcher.MatchPatternOneofCase.None => true,
            StringMatcher.MatchPatternOneofCase.Prefix => text.Prefix.Length == 0,
            StringMatcher.MatchPatternOneofCase.Suffix => text.Suffix.Length == 0,
            StringMatcher.MatchPatternOneofCase.Contains => text.Contains.Length == 0,
            StringMatcher.MatchPatternOneofCase.SafeRegex => text.SafeRegex.Regex.Length == 0,
            _ => false,
        };
        if (isEmpty) faults.Add($"{where}: a text condition without text.");
    }

    private static void Check(string where, RouteAction action, List<string> faults)
    {
        if (action is { ClusterSpecifierCase: RouteAction.ClusterSpecifierOneofCase.Cluster, Cluster.Length: 0 })
        {
            faults.Add($"{where} leads to a cluster without name.");
        }

        if (action.PrefixRewrite.Length > 0 && action.RegexRewrite is not null) faults.Add($"{where} rewrites twice.");
        if (action.RequestMirrorPolicies.Any(m => m.Cluster.Length == 0)) faults.Add($"{where} copies to nowhere.");
        foreach (var weighted in action.WeightedClusters?.Clusters ?? [])
        {
            if (weighted.Name.Length == 0) faults.Add($"{where}: a share for nobody.");
            CheckHeaders(where, weighted.RequestHeadersToAdd.Concat(weighted.ResponseHeadersToAdd), faults);
        }

        if (action.WeightedClusters?.Clusters.Sum(c => (long)(c.Weight ?? 0)) > uint.MaxValue)
        {
            faults.Add($"{where}: weights.");
        }

        if (action.HashPolicy.Any(
            h => h.PolicySpecifierCase is RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.None))
        {
            faults.Add($"{where} hashes nothing.");
        }

        if (action.RetryPolicy is { } retry) Check(where, retry, faults);
    }

    private static void Check(string where, RetryPolicy retry, List<string> faults)
    {
        if (retry.RetryBackOff is { } wait
            && (wait.BaseInterval?.ToTimeSpan() is not { } least
                || least <= TimeSpan.Zero
                || wait.MaxInterval?.ToTimeSpan() < least))
        {
            faults.Add($"{where}: back-off.");
        }

        if (retry.RetryHostPredicate.Any(p => p.Name.Length == 0)) faults.Add($"{where}: a predicate without name.");
    }

    private static void Check(string where, HTTPFault fault, List<string> faults)
    {
        if (fault.Delay is { } delay && (delay.FixedDelay?.ToTimeSpan() is not { } time || time <= TimeSpan.Zero))
        {
            faults.Add($"{where}: a delay without time.");
        }

        if (fault.Abort is { ErrorTypeCase: FaultAbort.ErrorTypeOneofCase.HttpStatus, HttpStatus: < 200 or >= 600 } or
            { ErrorTypeCase: FaultAbort.ErrorTypeOneofCase.None })
        {
            faults.Add($"{where}: an abort with {fault.Abort.HttpStatus}.");
        }
    }

    private static void CheckHeaders(string where, IEnumerable<HeaderValueOption> headers, List<string> faults)
    {
        foreach (var header in headers.Select(h => h.Header))
        {
            if (!IsHeaderName(header.Key)) faults.Add($"{where}: header name '{header.Key}'.");
            if (header.Value.AsSpan().IndexOfAny('\0', '\r', '\n') >= 0)
            {
                faults.Add($"{where}: the value of {header.Key}.");
            }

            if (header.Key.StartsWith(':') || header.Key.Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                faults.Add($"{where} changes {header.Key}, which is not to be changed like that.");
            }
        }
    }

    private static bool IsHeaderName(string name) =>
        name.Length is > 0 and <= 16384 && name.AsSpan().IndexOfAny('\0', '\r', '\n') < 0;
}
