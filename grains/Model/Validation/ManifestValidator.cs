using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Validation;

/// <summary>
/// Checks what a resource says by itself: the rules that need no other resource (Istio's pkg/config/validation), and
/// what this version's data plane can do.
/// </summary>
public static class ManifestValidator
{
    /// <summary>
    /// Everything that is wrong with a resource, warnings included. Lines are not filled in: whoever read the resource
    /// knows them (<see cref="Config.Manifests.ManifestResource.Place"/>).
    /// </summary>
    public static ImmutableArray<Violation> Check(ConfigResource resource)
    {
        var report = new RuleReport();
        var spec = FieldPath.Root.At("spec");
        var (ns, name) = (resource.Key.Namespace, resource.Key.Name);
        switch (resource.Spec)
        {
            case VirtualService service: VirtualServiceRules.Check(service, ns, spec, report); break;
            case DestinationRule rule: DestinationRuleRules.Check(rule, ns, spec, report); break;
            case Gateway gateway: GatewayRules.Check(gateway, spec, report); break;
            case ServiceEntry entry: ServiceEntryRules.Check(entry, ns, spec, report); break;
            case WorkloadEntry entry: WorkloadRules.CheckEntry(entry, spec, report); break;
            case WorkloadGroup group: WorkloadRules.CheckGroup(group, spec, report); break;
            case Sidecar sidecar: SidecarRules.Check(sidecar, name, spec, report); break;
            case ProxyConfig config: ProxyConfigRules.Check(config, spec, report); break;
            case PeerAuthentication policy: PeerAuthenticationRules.Check(policy, spec, report); break;
            case RequestAuthentication policy: RequestAuthenticationRules.Check(policy, ns, spec, report); break;
            case AuthorizationPolicy policy: AuthorizationPolicyRules.Check(policy, ns, spec, report); break;
            case Telemetry telemetry: TelemetryRules.Check(telemetry, ns, spec, report); break;
            case KubernetesService service: KubernetesServiceRules.Check(service, spec, report); break;
            case HealthCheck check: HealthCheckRules.Check(check, spec, report); break;
            case Lane lane: LaneRules.Check(lane, name, spec, report); break;
            case RequestRoute route: RequestRouteRules.Check(route, resource.Key.Kind, spec, report); break;
            case ConnectionRoute route: ConnectionRouteRules.Check(route, resource.Key.Kind, spec, report); break;
            case KubernetesGateway gateway: KubernetesGatewayRules.Check(gateway, spec, report); break;
            case GatewayClass @class: KubernetesGatewayRules.Check(@class, spec, report); break;
            case ReferenceGrant grant: KubernetesGatewayRules.Check(grant, spec, report); break;
            case RateLimit limit: RateLimitRules.Check(limit, spec, report); break;
            case MeshConfig mesh: MeshConfigRules.Check(mesh, spec, report); break;
        }

        DataPlaneLimits.Check(resource.Spec, spec, report);
        return report.ToImmutable();
    }
}
