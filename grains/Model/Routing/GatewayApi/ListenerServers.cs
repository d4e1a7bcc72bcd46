using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Writes the listeners of Gateways as Gateways of Istio, one for each, so that routes can bind to one alone.</summary>
public static class ListenerServers
{
    /// <summary>The name by which routes bind to a listener, <c>namespace/gateway/listener</c>.</summary>
    internal static string NameOf(string ns, string gateway, string listener) => $"{ns}/{gateway}/{listener}";

    /// <summary>
    /// The servers of all Gateways that are this mesh's, the oldest first. A listener whose certificates cannot be used
    /// opens nothing, and neither does one of a protocol that is not served.
    /// </summary>
    public static IEnumerable<(ConfigResource Resource, Gateway Spec)> Compose(AttachmentPlaces places)
    {
        foreach (var (resource, gateway) in places.Gateways)
        {
            if (!places.IsOurs(gateway)) continue;
            foreach (var listener in gateway.Listeners)
            {
                if (!listener.IsServed || WhyNoCertificate(listener, resource.Key, places) is not null) continue;
                var key = resource.Key with { Name = $"{resource.Key.Name}/{listener.Name}" };
                yield return (resource with { Key = key }, GatewayOf(resource.Key, listener));
            }
        }
    }

    /// <summary>Why a listener cannot show its certificates, as one of the API's words and a sentence; null when it can.</summary>
    internal static (string Reason, string Message)? WhyNoCertificate(
        GatewayListener listener, ConfigKey gateway, AttachmentPlaces places)
    {
        foreach (var certificate in listener.Tls?.CertificateRefs ?? [])
        {
            if (certificate.Kind != "Secret" || certificate.Group.Length > 0)
            {
                return ("InvalidCertificateRef", $"{certificate.Kind} of group \"{certificate.Group}\" is no certificate; "
                    + "Secret is");
            }

            var from = new GrantFrom(ParentReference.GatewayGroup, "Gateway", gateway.Namespace);
            var ns = certificate.Namespace.Length > 0 ? certificate.Namespace : gateway.Namespace;
            if (places.IsGranted(from, ns, "", "Secret", certificate.Name)) continue;
            return ("RefNotPermitted", $"no ReferenceGrant of namespace {ns} allows to name the secret {certificate.Name}");
        }

        return null;
    }

    /// <summary>The secret of a name is a folder of the gateway proxy's own machine, whatever its namespace.</summary>
    private static Gateway GatewayOf(ConfigKey key, GatewayListener listener) => new()
    {
        WorkloadNamespace = key.Namespace,
        Selector = EmptyMap.Text.Add(KubernetesGateway.NameLabel, key.Name),
        Servers =
        [
            new GatewayServer
            {
                Port = new NamedPort(listener.Port, listener.Name, listener.Protocol, null),
                Hosts = [listener.Hostname.Length > 0 ? listener.Hostname : "*"],
                Tls = listener.Tls is not { } tls ? null
                    : tls.IsPassthrough ? new ServerTls { Mode = ServerTlsMode.Passthrough }
                    : new ServerTls
                    {
                        Mode = ServerTlsMode.Simple,
                        CredentialNames = [.. tls.CertificateRefs.Select(certificate => certificate.Name)],
                    },
            },
        ],
    };
}
