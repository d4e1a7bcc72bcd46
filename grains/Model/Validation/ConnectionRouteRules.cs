using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of TLSRoute and TCPRoute.</summary>
/// <remarks>
/// Source: the Gateway API's reference and the rules of its CRDs. Version v1alpha2 of TLSRoute needs no hostnames and both
/// kinds allow 16 rules in it, so that is no error here.
/// </remarks>
internal static class ConnectionRouteRules
{
    private const int MaxRules = 16;

    public static void Check(ConnectionRoute route, string kind, FieldPath spec, RuleReport report)
    {
        RequestRouteRules.CheckParents(route.ParentRefs, spec.At("parentRefs"), report);
        RequestRouteRules.CheckHostnames(route.Hostnames, spec.At("hostnames"), report);
        var rules = spec.At("rules");
        RequestRouteRules.CheckCount(route.Rules.Length, MaxRules, "rules", rules, report);
        if (route.Rules.IsEmpty) report.Error(rules, $"a {kind} needs a rule");
        if (route.Rules.Length > 1)
        {
            report.NotActedOn(rules.At(1), $"a rule after the first, which takes every connection of a {kind},");
        }

        foreach (var (i, rule) in route.Rules.Index())
        {
            var backends = rules.At(i).At("backendRefs");
            if (rule.Backends.IsEmpty) report.Error(backends, "a rule of connections needs at least one backend");
            RequestRouteRules.CheckBackends(rule.Backends, backends, report);
        }
    }
}
