using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Whether a parent of kind Service takes a route.</summary>
/// <param name="Service">The service; null when it does not.</param>
/// <param name="Ports">The ports at which the route counts.</param>
/// <param name="Reason">Why, as one of the API's words.</param>
/// <param name="Message">Why, as a sentence.</param>
internal sealed record ServiceAttachment(
    Service? Service, ImmutableArray<ServicePort> Ports, string Reason, string Message)
{
    private const string NoMatchingParent = "NoMatchingParent";

    public static ServiceAttachment Of(ParentReference parent, ConfigKey route, ServiceRegistry services)
    {
        var ns = parent.NamespaceFrom(route.Namespace);
        var host = HostName.Of(parent.Name, ns);
        if (services.FindOwn(parent.Name, ns) is not { } service) return Refused($"there is no service {host}");
        var isWhole = parent.SectionName.Length == 0 && parent.Port is null;
        var meant = service.Ports.RemoveAll(p =>
            (parent.Port is { } number && p.Number != number)
            || (parent.SectionName.Length > 0 && p.Name != parent.SectionName));
        if (meant.IsEmpty && !isWhole) return Refused($"the service {host} has no such port");
        var fitting = meant.RemoveAll(p => !Fits(route.Kind, p.Protocol));
        if (fitting.IsEmpty) return Refused($"no port of the service {host} that is meant {WordsOf(route.Kind)}");
        var what = route.Kind is RequestRoute.HttpKind or RequestRoute.GrpcKind ? "requests" : "connections";
        return new ServiceAttachment(
            service,
            fitting,
            "Accepted",
            isWhole ? $"routes {what} to {host}" : $"routes {what} to port {fitting[0].Number} of {host}");
    }

    /// <summary>Names in handshakes are looked at where TLS was declared; what is not declared is taken for requests.</summary>
    private static bool Fits(string kind, AppProtocol protocol) => kind switch
    {
        ConnectionRoute.TlsKind => protocol.IsTls(),
        ConnectionRoute.TcpKind => protocol.IsTcp(),
        _ => protocol.IsHttp(),
    };

    private static string WordsOf(string kind) => kind switch
    {
        ConnectionRoute.TlsKind => "is one of TLS; declare it by its appProtocol tls, or by a name that begins with tls",
        ConnectionRoute.TcpKind => "is one of bytes; declare it by its appProtocol tcp, or by a name that begins with tcp",
        _ => "is one of requests",
    };

    private static ServiceAttachment Refused(string message) => new(null, [], NoMatchingParent, message);
}
