using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads Gateway, GatewayClass and ReferenceGrant (gateway.networking.k8s.io).</summary>
internal static class KubernetesGatewayReader
{
    public static KubernetesGateway Gateway(ObjectReader reader)
    {
        foreach (var name in new[] { "addresses", "infrastructure" })
        {
            Ignore(
                reader,
                name,
                $"{name} is accepted but not acted on: proxies are started by their operator and belong to this Gateway by "
                    + $"the label {KubernetesGateway.NameLabel}");
        }

        return new KubernetesGateway
        {
            ClassName = reader.Text("gatewayClassName"),
            Listeners = reader.List("listeners", Listener),
        };
    }

    public static GatewayClass Class(ObjectReader reader)
    {
        reader.Accept("description", "parametersRef");
        return new GatewayClass(reader.Text("controllerName"));
    }

    public static ReferenceGrant Grant(ObjectReader reader) => new(
        reader.List("from", inner => new GrantFrom(inner.Text("group"), inner.Text("kind"), inner.Text("namespace"))),
        reader.List("to", inner => new GrantTo(inner.Text("group"), inner.Text("kind"), inner.Text("name"))));

    private static GatewayListener Listener(ObjectReader reader) => new()
    {
        Name = reader.Text("name"),
        Hostname = reader.Text("hostname").ToLowerInvariant(),
        Port = reader.Integer("port") ?? 0,
        Protocol = reader.Text("protocol"),
        Tls = reader.Object("tls", Tls),
        AllowedRoutes = reader.Object("allowedRoutes", Allowed) ?? new AllowedRoutes(),
    };

    private static ListenerTls Tls(ObjectReader reader)
    {
        Ignore(reader, "options", "options of TLS are accepted but not acted on: their names are other implementations'");
        return new ListenerTls(
            reader.Word("mode", "Terminate", "Passthrough") == "Passthrough",
            reader.List("certificateRefs", inner => new SecretReference(
                inner.Text("group"), inner.OptionalText("kind") ?? "Secret", inner.Text("namespace"), inner.Text("name"))));
    }

    private static void Ignore(ObjectReader reader, string name, string message)
    {
        reader.Accept(name);
        if (reader.Has(name)) reader.Warn(name, message, Validation.Violation.NotActedOnCode);
    }

    private static AllowedRoutes Allowed(ObjectReader reader)
    {
        var namespaces = reader.Object("namespaces", inner => new AllowedRoutes
        {
            From = inner.Word("from", "Same", "All", "Selector", "None") switch
            {
                "All" => RouteNamespaces.All,
                "Selector" => RouteNamespaces.Selector,
                "None" => RouteNamespaces.None,
                _ => RouteNamespaces.Same,
            },
            Selector = inner.Object("selector", Selector),
        });
        return (namespaces ?? new AllowedRoutes()) with
        {
            Kinds = reader.List(
                "kinds", inner => $"{inner.OptionalText("group") ?? ParentReference.GatewayGroup}/{inner.Text("kind")}"),
        };
    }

    private static NamespaceSelector Selector(ObjectReader reader) => new(
        reader.TextMap("matchLabels"),
        reader.List("matchExpressions", inner => new LabelExpression(
            inner.Text("key"), inner.Word("operator", "In", "NotIn", "Exists", "DoesNotExist"), inner.Texts("values"))));
}
