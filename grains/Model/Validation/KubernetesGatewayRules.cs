using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of Gateway, GatewayClass and ReferenceGrant of the Gateway API.</summary>
/// <remarks>Source: the Gateway API's reference and the rules of its CRDs.</remarks>
internal static class KubernetesGatewayRules
{
    private const int MaxListeners = 64;

    public static void Check(KubernetesGateway gateway, FieldPath spec, RuleReport report)
    {
        if (gateway.ClassName.Length == 0) report.Error(spec.At("gatewayClassName"), "gatewayClassName is required");
        if (gateway.Listeners.IsEmpty) report.Error(spec.At("listeners"), "a Gateway needs at least one listener");
        RequestRouteRules.CheckCount(gateway.Listeners.Length, MaxListeners, "listeners", spec.At("listeners"), report);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var earlier = new Dictionary<int, GatewayListener>();
        var places = new HashSet<(int, EdgeKind, string)>();
        foreach (var (i, listener) in gateway.Listeners.Index())
        {
            var path = spec.At("listeners").At(i);
            CheckListener(listener, path, report);
            if (!names.Add(listener.Name)) report.Error(path.At("name"), $"a second listener is named {listener.Name}");
            if (!listener.IsServed) continue;
            var kind = KindOf(listener);
            if (!earlier.TryAdd(listener.Port, listener) && KindOf(earlier[listener.Port]) != kind)
            {
                report.Error(
                    path.At("protocol"),
                    $"an earlier listener of port {listener.Port} has {earlier[listener.Port].Protocol}");
            }

            if (!places.Add((listener.Port, kind, kind is EdgeKind.Tcp ? "" : listener.Hostname)))
            {
                report.Error(path, "an earlier listener has the same port, protocol and hostname");
            }
        }
    }

    /// <summary>HTTPS and TLS may share a port: the name in the handshake tells them apart.</summary>
    private static EdgeKind KindOf(GatewayListener listener) =>
        GatewayServers.KindOf(new NamedPort(listener.Port, listener.Name, listener.Protocol, null));

    public static void Check(GatewayClass @class, FieldPath spec, RuleReport report) =>
        report.ErrorIf(@class.ControllerName.Length == 0, spec.At("controllerName"), "controllerName is required");

    public static void Check(ReferenceGrant grant, FieldPath spec, RuleReport report)
    {
        if (grant.From.IsEmpty) report.Error(spec.At("from"), "a grant needs somebody to whom it is given");
        if (grant.To.IsEmpty) report.Error(spec.At("to"), "a grant needs something that may be named");
        foreach (var (i, from) in grant.From.Index())
        {
            var path = spec.At("from").At(i);
            report.ErrorIf(from.Kind.Length == 0, path, "a kind is needed");
            report.ErrorIf(from.Namespace.Length == 0, path, "a namespace is needed");
        }

        foreach (var (i, to) in grant.To.Index())
        {
            report.ErrorIf(to.Kind.Length == 0, spec.At("to").At(i), "a kind is needed");
        }
    }

    private static void CheckListener(GatewayListener listener, FieldPath path, RuleReport report)
    {
        if (!HostRules.IsHost(listener.Name)) report.Error(path.At("name"), $"\"{listener.Name}\" is no name of a listener");
        if (listener.Port is < 1 or > ushort.MaxValue)
        {
            report.Error(path.At("port"), $"port number {listener.Port} must be in the range 1..65535");
        }

        if (listener is { Protocol: "TCP", Hostname.Length: > 0 })
        {
            report.NotActedOn(path.At("hostname"), "hostname of a listener of TCP, whose connections name none,");
        }

        if (listener.Hostname.Length > 0) RequestRouteRules.CheckHostname(listener.Hostname, path.At("hostname"), report);
        report.ErrorIf(
            listener.AllowedRoutes is { From: RouteNamespaces.Selector, Selector: null },
            path.At("allowedRoutes").At("namespaces"),
            "from: Selector needs a selector");
        CheckProtocol(listener, path, report);
    }

    private static void CheckProtocol(GatewayListener listener, FieldPath path, RuleReport report)
    {
        switch (listener.Protocol)
        {
            case "HTTP" or "TCP":
                report.ErrorIf(listener.Tls is not null, path.At("tls"), $"{listener.Protocol} has no tls");
                break;
            case "HTTPS":
                report.ErrorIf(listener.Tls is null, path, "HTTPS needs tls");
                report.ErrorIf(
                    listener.Tls is { IsPassthrough: true }, path.At("tls").At("mode"), "TLS of HTTPS ends at the listener");
                CheckCertificates(listener, path, report);
                break;
            case "TLS":
                report.ErrorIf(listener.Tls is null, path, "TLS needs tls");
                CheckCertificates(listener, path, report);
                break;
            case var other when other is "UDP" || other.Contains('/', StringComparison.Ordinal): // the latter are of a vendor
                report.NotActedOn(path.At("protocol"), $"a listener of {listener.Protocol} (HTTP, HTTPS, TLS and TCP are served)");
                break;
            default:
                report.Error(path.At("protocol"), $"\"{listener.Protocol}\" is none of HTTP, HTTPS, TLS and TCP");
                break;
        }
    }

    private static void CheckCertificates(GatewayListener listener, FieldPath path, RuleReport report)
    {
        if (listener.Tls is not { IsPassthrough: false } tls) return;
        var refs = path.At("tls").At("certificateRefs");
        if (tls.CertificateRefs.IsEmpty) report.Error(path.At("tls"), "TLS that ends here needs certificateRefs");
        foreach (var (i, certificate) in tls.CertificateRefs.Index())
        {
            report.ErrorIf(certificate.Name.Length == 0, refs.At(i), "a certificate needs a name");
        }

        if (tls.CertificateRefs.Length > 1)
        {
            report.NotActedOn(refs, "more than the first of certificateRefs that there is");
        }
    }
}
