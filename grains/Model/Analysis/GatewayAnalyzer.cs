using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Gateways that want the same port and host, hosts that no gateway serves, and what can only be asked of a gateway that
/// checks tokens (IST0145, IST0138, IST0132, IST0149).
/// </summary>
internal static class GatewayAnalyzer
{
    private const string Claims = "@request.auth.claims";

    public static void Analyze(AnalysisSubject subject, AnalysisReport report)
    {
        var gateways = subject.Of<Gateway>();
        foreach (var (i, entry) in gateways.Index())
        {
            foreach (var other in gateways.Skip(i + 1).Where(o => o.Spec.Selector.SequenceEqual(entry.Spec.Selector)))
            {
                Compare(entry, other, report);
            }
        }

        foreach (var (resource, service) in subject.Of<VirtualService>())
        {
            AnalyzeHosts(subject, resource, service, report);
            AnalyzeClaims(subject, resource, service, report);
        }
    }

    private static void Compare(
        (ConfigResource Resource, Gateway Spec) first, (ConfigResource Resource, Gateway Spec) second, AnalysisReport report)
    {
        foreach (var (i, server) in first.Spec.Servers.Index())
        {
            foreach (var (j, other) in second.Spec.Servers.Index())
            {
                if (server.Port is null || server.Port.Number != other.Port?.Number) continue;
                if (GatewayServers.BindOf(server) != GatewayServers.BindOf(other)) continue;
                var shared = server.Hosts.Intersect(other.Hosts, StringComparer.OrdinalIgnoreCase).ToList();
                if (shared.Count > 0)
                {
                    Conflict(first.Resource, i, second.Resource);
                    Conflict(second.Resource, j, first.Resource);
                }
                else if (server.Tls is { CredentialName: { Length: > 0 } name } && name == other.Tls?.CredentialName)
                {
                    Duplicate(first.Resource, i, second.Resource, name);
                    Duplicate(second.Resource, j, first.Resource, name);
                }

                void Conflict(ConfigResource resource, int index, ConfigResource with) => report.Add(
                    AnalysisCode.ConflictingGateways,
                    resource,
                    FieldPath.Root.At("spec").At("servers").At(index),
                    $"port {server.Port.Number} and the hosts {string.Join(", ", shared)} are those of "
                        + $"{with.Key.Namespace}/{with.Key.Name} too, for the same workloads");
            }
        }

        void Duplicate(ConfigResource resource, int index, ConfigResource with, string name) => report.Add(
            AnalysisCode.GatewayDuplicateCertificate,
            resource,
            FieldPath.Root.At("spec").At("servers").At(index).At("tls").At("credentialName"),
            $"{name} is the certificate of {with.Key.Namespace}/{with.Key.Name} too: a browser that reuses its HTTP/2 "
                + "connection for both hosts gets 404; serve them by one Gateway");
    }

    private static void AnalyzeHosts(
        AnalysisSubject subject, ConfigResource resource, VirtualService service, AnalysisReport report)
    {
        foreach (var (_, key) in VirtualServices.GatewaysOf(service, resource.Key.Namespace))
        {
            if (subject.Find(key)?.Spec is not Gateway gateway) continue;
            var served = gateway.Servers.SelectMany(s => s.Hosts)
                .Where(h => IsOpenTo(h, key.Namespace, resource.Key.Namespace))
                .Select(h => h[(h.IndexOf('/', StringComparison.Ordinal) + 1)..])
                .ToList();
            foreach (var (i, written) in service.Hosts.Index())
            {
                var host = HostName.Resolve(written, resource.Key.Namespace);
                if (served.Exists(s => HostName.Matches(s, host) || HostName.Matches(host, s))) continue;
                report.Add(
                    AnalysisCode.VirtualServiceHostNotFoundInGateway,
                    resource,
                    FieldPath.Root.At("spec").At("hosts").At(i),
                    $"gateway {key.Namespace}/{key.Name} serves no {written} to VirtualServices of this namespace");
            }
        }
    }

    // [namespace/]dnsName: without one, or with *, of every namespace
    private static bool IsOpenTo(string host, string gatewayNamespace, string ns) => host.Split('/') switch
    {
        ["*", _] => true,
        [".", _] => ns == gatewayNamespace,
        [var only, _] => only == ns,
        _ => true,
    };

    private static void AnalyzeClaims(
        AnalysisSubject subject, ConfigResource resource, VirtualService service, AnalysisReport report)
    {
        var asks =
            from rule in service.Http.Index()
            from match in rule.Item.Match.Index()
            from name in match.Item.Headers.Keys.Concat(match.Item.WithoutHeaders.Keys)
            where name.StartsWith(Claims, StringComparison.Ordinal)
            select FieldPath.Root.At("spec").At("http").At(rule.Index).At("match").At(match.Index).At("headers").At(name);
        foreach (var path in asks)
        {
            foreach (var (_, key) in VirtualServices.GatewaysOf(service, resource.Key.Namespace))
            {
                if (subject.Find(key)?.Spec is not Gateway gateway || ChecksTokens(subject, gateway)) continue;
                report.Add(
                    AnalysisCode.JwtClaimBasedRoutingWithoutRequestAuthN,
                    resource,
                    path,
                    $"no RequestAuthentication is in force at gateway {key.Namespace}/{key.Name}: the rule matches nothing");
            }
        }
    }

    private static bool ChecksTokens(AnalysisSubject subject, Gateway gateway) =>
        subject.Of<RequestAuthentication>().Any(policy => policy.Spec.Selector is { } selector
            ? LabelSelector.Matches(selector.MatchLabels, gateway.Selector)
            : policy.Spec.TargetRefs.IsEmpty);
}
