using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Validation;

/// <summary>
/// What Istio allows and this version's sidecars cannot do. A sidecar refuses a whole response for one resource that it
/// cannot use, so what it would refuse, or would silently not enforce, is refused here (<c>MSH2001</c>); what is merely
/// without effect is told (<c>MSH2002</c>).
/// </summary>
internal static class DataPlaneLimits
{
    private const string Udp = "UDP";
    private const string Datagrams = "a port of UDP, whose datagrams go past the mesh,";

    public static void Check(ConfigSpec resource, FieldPath spec, RuleReport report)
    {
        switch (resource)
        {
            case VirtualService service: VirtualServiceLimits.Check(service, spec, report); break;
            case DestinationRule rule: DestinationRuleLimits.Check(rule, spec, report); break;
            case AuthorizationPolicy policy: AuthorizationPolicyLimits.Check(policy, spec, report); break;
            case ServiceEntry entry:
                EndpointLimits.CheckService(entry, spec, report);
                CheckPorts(entry.Ports, spec.At("ports"), report);
                break;
            case MeshConfig mesh: CheckMesh(mesh, spec, report); break;
            case WorkloadGroup group: CheckGroup(group, spec, report); break;
            case WorkloadEntry entry: EndpointLimits.CheckWorkload(entry, spec, report); break;
            case KubernetesService { Type: "ExternalName", ExternalName: { Length: > 0 } name }:
                EndpointLimits.CheckAddress(name, spec.At("externalName"), report);
                break;
            case KubernetesService service: CheckPorts(service, spec.At("ports"), report); break;
            case Gateway gateway: CheckGateway(gateway, spec, report); break;
            case Sidecar sidecar: CheckSidecar(sidecar, spec, report); break;
            case RequestAuthentication policy: RequestAuthenticationLimits.Check(policy, spec, report); break;
            case ProxyConfig config: ProxyConfigRules.Tell(config, spec, report); break;
            case Telemetry telemetry: SelectorRules.TellReach(telemetry.TargetRefs, spec, report); break;
        }
    }

    private static void CheckMesh(MeshConfig mesh, FieldPath spec, RuleReport report)
    {
        const string Own = "(each sidecar's --access-log says where its log of requests goes, as JSON)";
        if (mesh.AccessLogFile is { Length: > 0 }) report.NotActedOn(spec.At("accessLogFile"), $"accessLogFile {Own}");
        if (mesh.AccessLogEncoding is not null) report.NotActedOn(spec.At("accessLogEncoding"), $"accessLogEncoding {Own}");
    }

    // Members say of themselves what they are.
    private static void CheckGroup(WorkloadGroup group, FieldPath spec, RuleReport report)
    {
        if (group.Probe is not null)
        {
            report.NotActedOn(spec.At("probe"), "probe (a sidecar's --probe asks its own application)");
        }

        if (group.Template is not { } template) return;
        ReadOnlySpan<(string Name, bool IsSet)> fields =
        [
            ("ports", !template.Ports.IsEmpty), ("network", template.Network.Length > 0),
            ("locality", template.Locality.Length > 0), ("weight", template.Weight > 0),
        ];
        foreach (var (name, isSet) in fields)
        {
            if (isSet) report.NotActedOn(spec.At("template").At(name), $"{name} (a member names its own)");
        }
    }

    /// <summary>Datagrams are nobody's here: they go where they are sent, past the mesh.</summary>
    private static void CheckPorts(KubernetesService service, FieldPath path, RuleReport report)
    {
        foreach (var (i, port) in service.Ports.Index())
        {
            var spoken = AppProtocols.Of(port.AppProtocol, port.Name, port.Port, port.Protocol);
            if (spoken is AppProtocol.Udp) report.NotActedOn(path.At(i), Datagrams);
        }
    }

    private static void CheckPorts(ImmutableArray<NamedPort> ports, FieldPath path, RuleReport report)
    {
        foreach (var (i, port) in ports.Index())
        {
            if (PortRules.Is(port, Udp)) report.NotActedOn(path.At(i).At("protocol"), Datagrams);
        }
    }

    private static void CheckGateway(Gateway gateway, FieldPath spec, RuleReport report)
    {
        foreach (var (i, server) in gateway.Servers.Index())
        {
            if (server.Port is { } port && PortRules.Is(port, Udp))
            {
                report.Unsupported(
                    spec.At("servers").At(i).At("port").At("protocol"),
                    Udp,
                    "use HTTP, HTTPS, GRPC, HTTP2, TLS or TCP");
            }

            var path = spec.At("servers").At(i).At("tls");
            if (server.Tls is not { } tls) continue;
            if (tls.MaxProtocolVersion is "TLSV1_0" or "TLSV1_1")
            {
                report.Unsupported(path.At("maxProtocolVersion"), tls.MaxProtocolVersion, "use TLSV1_2, TLSV1_3, or leave it out");
            }

            if (!tls.CipherSuites.IsEmpty) report.NotActedOn(path.At("cipherSuites"), "cipherSuites");
            if (tls.CredentialNames.Length > 1)
            {
                report.NotActedOn(path.At("credentialNames"), "more than the first of credentialNames that there is");
            }
        }
    }

    private static void CheckIngress(SidecarIngress ingress, FieldPath path, RuleReport report)
    {
        if (ingress.DefaultEndpoint.StartsWith(WorkloadRules.UnixScheme, StringComparison.Ordinal))
        {
            report.Unsupported(path.At("defaultEndpoint"), "a Unix socket", "have the application listen on 127.0.0.1");
        }

        if (ingress.Port is { } port && PortRules.Is(port, Udp))
        {
            report.Unsupported(path.At("port"), Udp, "use HTTP or TCP");
        }

        if (ingress.Bind.Length > 0) report.NotActedOn(path.At("bind"), "bind");
        if (ingress.CaptureMode is not CaptureMode.Default) report.NotActedOn(path.At("captureMode"), "captureMode");
        if (ingress.Tls is not null) report.NotActedOn(path.At("tls"), "tls (PeerAuthentication says who may come)");
    }

    private static void CheckEgress(SidecarEgress egress, FieldPath path, RuleReport report)
    {
        if (egress.Bind.Length > 0) report.NotActedOn(path.At("bind"), "bind");
        if (egress.CaptureMode is not CaptureMode.Default) report.NotActedOn(path.At("captureMode"), "captureMode");
        if (egress.Port is not { } port) return;
        if (PortRules.Is(port, Udp)) report.NotActedOn(path.At("port").At("protocol"), Datagrams);
        if (PortRules.Is(port, SidecarEgress.HttpProxy))
        {
            report.NotActedOn(path.At("port"), "a proxy port of its own (the sidecar's outbound port is one)");
        }
    }

    private static void CheckSidecar(Sidecar sidecar, FieldPath spec, RuleReport report)
    {
        foreach (var (i, ingress) in sidecar.Ingress.Index()) CheckIngress(ingress, spec.At("ingress").At(i), report);
        foreach (var (i, egress) in sidecar.Egress.Index()) CheckEgress(egress, spec.At("egress").At(i), report);
        if (sidecar.OutboundTrafficPolicy is { EgressProxy: not null })
        {
            report.NotActedOn(spec.At("outboundTrafficPolicy").At("egressProxy"), "egressProxy");
        }
    }
}
