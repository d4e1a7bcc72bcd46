using System.Globalization;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>
/// Tells a request's way, the verdict first. <c>+</c> is what counts, <c>-</c> what was considered and does not.
/// </summary>
internal static class ExplainText
{
    private const string Counts = "+";
    private const string DoesNot = "-";

    public static IEnumerable<string> Of(ExplainAnswer told)
    {
        yield return $"from     {Who(told.Source)}";
        yield return What(told.Destination);
        var verdict = told.Verdict;
        yield return $"verdict  {Verdict(verdict.Status, verdict.GrpcStatus, verdict.Outcome)}: {verdict.Reason}";
        if ((told.Verdict.Outcomes ?? []) is { Count: > 1 } outcomes)
        {
            foreach (var outcome in outcomes)
            {
                var what = Verdict(outcome.Status, outcome.GrpcStatus, outcome.Outcome);
                yield return $"  {Percent(outcome.Percent)}  {what}: {outcome.Reason}";
            }
        }

        if (told.Entry is { } entry)
        {
            yield return "";
            foreach (var line in Inbound(entry)) yield return line;
        }

        foreach (var line in Outbound(told.Outbound)) yield return line;
        foreach (var line in (told.Clusters ?? []).SelectMany(Cluster)) yield return line;
    }

    private static string Who(ExplainSource source)
    {
        if (source.Gateway is { } gateway)
        {
            return $"outside of the mesh ({source.Address ?? "any address"}), at gateway {gateway}";
        }

        var who = source.Workload ?? $"(account {source.ServiceAccount})";
        var proof = source.Plaintext ? "without a sidecar" : source.Identity ?? "without an identity";
        return $"{source.Namespace}/{who}, {proof}";
    }

    private static string What(ExplainDestination destination)
    {
        var name = destination.ServerName.Length > 0 ? $" (server name {destination.ServerName})" : "";
        var what = destination.IsConnection
            ? $"connects {destination.Protocol.ToLowerInvariant()}"
            : $"request  {destination.Method} {destination.Path}";
        return $"{what} to {destination.Authority}, port {destination.Port}{name}: "
            + (destination.Host ?? "a host that the mesh does not know");
    }

    private static IEnumerable<string> Outbound(ExplainOutbound? outbound)
    {
        if (outbound is null) yield break;
        yield return "";
        if (outbound.VirtualServices is { Count: > 0 } services)
        {
            yield return "VirtualServices";
            foreach (var line in Candidates(services, "  ")) yield return line;
        }

        yield return outbound.VirtualHost is { } host ? $"routes of {host}" : "no virtual host takes the host";
        foreach (var route in outbound.Routes ?? [])
        {
            var place = route.Place.Length > 0 ? $"{route.Place} {route.Name}".TrimEnd() : route.Name;
            yield return $"  {(route.Verdict == "Matched" ? Counts : DoesNot)} {place}"
                + (route.Verdict == "Matched" ? "" : $": {route.Reason}");
        }

        if (outbound.Action is not { } action) yield break;
        foreach (var detail in (action.Details ?? []).Prepend(action.Kind)) yield return $"    {detail}";
    }

    private static IEnumerable<string> Cluster(ExplainCluster cluster)
    {
        yield return "";
        yield return $"{Percent(cluster.Percent)} to {cluster.Name}{(cluster.Exists ? "" : ", which does not exist")}";
        if (cluster.DestinationRules is { Count: > 0 } rules)
        {
            yield return "  DestinationRules";
            foreach (var line in Candidates(rules, "    ")) yield return line;
        }

        if (cluster.Tls.Length > 0) yield return $"  {cluster.Tls}";
        if (cluster.Lane is { } lane) yield return $"  {lane.Reason}";
        if (cluster.Endpoints is { } members)
        {
            yield return $"  members: {members.Healthy} healthy ({members.Mesh} by mesh mTLS), "
                + $"{members.Draining} draining, {members.Unhealthy} unhealthy";
        }

        foreach (var line in (cluster.Inbound ?? []).SelectMany(Inbound)) yield return line;
    }

    private static IEnumerable<string> Inbound(ExplainInbound inbound)
    {
        var names = inbound.Workloads ?? [];
        var more = inbound.Count > names.Count ? $" and {inbound.Count - names.Count} more" : "";
        yield return $"  at {string.Join(", ", names)}{more}: port {inbound.Port}, {inbound.Transport}";
        if (inbound.Authentication is { } mode) yield return $"    {mode}: {inbound.AuthenticationFrom}";
        if (inbound.Token.Length > 0) yield return $"    token {inbound.Token}";
        foreach (var line in (inbound.Policies ?? []).SelectMany(Policy)) yield return line;
        if (inbound.Authorizer.Length > 0) yield return $"    passes only {inbound.Authorizer}";
        foreach (var limit in inbound.RateLimits ?? []) yield return $"    counts for {limit}";
        foreach (var line in inbound.Gateway is { } gateway ? Gateway(gateway) : []) yield return line;
        var end = inbound.Status is { } status ? $"{status}" : Reaches(inbound.Outcome) ? "connected" : "closed";
        yield return $"    {end}: {inbound.Reason}";
    }

    private static IEnumerable<string> Gateway(ExplainGateway gateway)
    {
        if (gateway.Listener.Length > 0) yield return $"    listener {gateway.Listener}";
        if (gateway.Tls.Length > 0) yield return $"    {gateway.Tls}";
        foreach (var line in Candidates(gateway.Servers ?? [], "      ")) yield return line;
        foreach (var line in Outbound(gateway.Outbound).Concat((gateway.Clusters ?? []).SelectMany(Cluster)))
        {
            if (line.Length > 0) yield return $"    {line}";
        }
    }

    private static IEnumerable<string> Policy(ExplainPolicy policy)
    {
        var provider = policy.Provider is { } asked ? $" (provider {asked})" : "";
        var head = $"{policy.Action} {policy.Name}{provider}{(policy.DryRun ? " (dry run)" : "")}";
        if (!policy.Applies)
        {
            yield return $"    {DoesNot} {head}: {policy.Reason}";
            yield break;
        }

        yield return $"    {(policy.MatchedRule is null ? DoesNot : Counts)} {head}"
            + (policy.Rules is { Count: > 0 } ? "" : ": it has no rule, so nothing matches it");
        foreach (var (i, rule) in (policy.Rules ?? []).Index())
        {
            yield return rule.Length == 0 ? $"      {Counts} rule {i} matches" : $"      {DoesNot} rule {i}: {rule}";
        }
    }

    private static IEnumerable<string> Candidates(IEnumerable<ExplainCandidate> candidates, string indent) =>
        candidates.Select(c => $"{indent}{(c.Counts ? Counts : DoesNot)} {c.Name} {c.Reason}");

    private static string Verdict(int? status, int? grpcStatus, string outcome) => (status, grpcStatus) switch
    {
        (null, _) => Reaches(outcome) ? $"connected, {outcome}" : $"connection closed, {outcome}",
        (_, { } code) => $"gRPC status {code} {outcome}",
        var (code, _) => $"{code} {outcome}",
    };

    private static bool Reaches(string outcome) => outcome is "Forwarded" or "LeavesMesh";

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.##} %");
}
