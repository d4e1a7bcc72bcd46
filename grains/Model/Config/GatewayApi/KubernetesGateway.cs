using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>
/// Kind Gateway of the Gateway API: listeners that the gateway proxies of its name open. Not to be taken for
/// <see cref="Gateway"/>, which is Istio's, so its keys say <c>KubernetesGateway</c>.
/// </summary>
public sealed record KubernetesGateway : ConfigSpec
{
    /// <summary>The kind in its keys.</summary>
    public const string KeyKind = "KubernetesGateway";

    /// <summary>
    /// The label of a workload that says of which Gateway of its namespace it is a proxy. Source: GEP-1762.
    /// </summary>
    public const string NameLabel = "gateway.networking.k8s.io/gateway-name";

    /// <summary>Its class: it says whose matter it is.</summary>
    public string ClassName { get; init; } = "";

    /// <summary>What is opened.</summary>
    public ImmutableArray<GatewayListener> Listeners { get; init; } = [];
}

/// <summary>One open port of a Gateway, for the hosts of one name.</summary>
public sealed record GatewayListener
{
    /// <summary>Its name, by which routes may attach to it alone.</summary>
    public string Name { get; init; } = "";

    /// <summary>The host, perhaps with a wildcard; empty means every host.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>The port that clients call.</summary>
    public int Port { get; init; }

    /// <summary>HTTP, HTTPS, TLS or TCP; or another, which nobody serves here.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>Whether its protocol is one that proxies of this mesh serve.</summary>
    public bool IsServed => Protocol is "HTTP" or "HTTPS" or "TLS" or "TCP";

    /// <summary>TLS of the port; null when there is none.</summary>
    public ListenerTls? Tls { get; init; }

    /// <summary>Which routes may attach.</summary>
    public AllowedRoutes AllowedRoutes { get; init; } = new();
}

/// <summary>TLS of a listener.</summary>
/// <param name="IsPassthrough">Whether it goes through unread; else it ends here.</param>
/// <param name="CertificateRefs">The certificates that are shown.</param>
public sealed record ListenerTls(bool IsPassthrough, ImmutableArray<SecretReference> CertificateRefs);

/// <summary>Names a secret.</summary>
/// <param name="Group">The group of its kind; empty is that of Secret.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Its namespace; empty means that of who names it.</param>
/// <param name="Name">Its name.</param>
public sealed record SecretReference(string Group, string Kind, string Namespace, string Name);

/// <summary>From which namespaces routes may attach to a listener.</summary>
public enum RouteNamespaces
{
    /// <summary>The Gateway's own.</summary>
    Same,

    /// <summary>Any.</summary>
    All,

    /// <summary>Those with certain labels.</summary>
    Selector,

    /// <summary>None.</summary>
    None,
}

/// <summary>Which routes may attach to a listener.</summary>
public sealed record AllowedRoutes
{
    /// <summary>From which namespaces.</summary>
    /// <value>The Gateway's own by default.</value>
    public RouteNamespaces From { get; init; } = RouteNamespaces.Same;

    /// <summary>The labels of the namespaces, for <see cref="RouteNamespaces.Selector"/>; null selects none.</summary>
    public NamespaceSelector? Selector { get; init; }

    /// <summary>The kinds, as <c>group/kind</c>; none means those that fit the protocol.</summary>
    public ImmutableArray<string> Kinds { get; init; } = [];
}

/// <summary>Selects namespaces by their labels; all conditions must hold, and none selects every namespace.</summary>
/// <param name="MatchLabels">Labels that must be there.</param>
/// <param name="MatchExpressions">Further conditions.</param>
public sealed record NamespaceSelector(
    ImmutableSortedDictionary<string, string> MatchLabels, ImmutableArray<LabelExpression> MatchExpressions)
{
    /// <summary>Whether a namespace with these labels is selected.</summary>
    public bool Matches(ImmutableSortedDictionary<string, string> labels) =>
        MatchLabels.All(label => labels.GetValueOrDefault(label.Key) == label.Value)
        && MatchExpressions.All(expression => expression.Matches(labels));
}

/// <summary>A condition on one label.</summary>
/// <param name="Key">The label.</param>
/// <param name="Operator">In, NotIn, Exists or DoesNotExist.</param>
/// <param name="Values">The values that In and NotIn speak of.</param>
public sealed record LabelExpression(string Key, string Operator, ImmutableArray<string> Values)
{
    /// <summary>Whether it holds. A missing label is in nothing.</summary>
    public bool Matches(ImmutableSortedDictionary<string, string> labels) => Operator switch
    {
        "Exists" => labels.ContainsKey(Key),
        "DoesNotExist" => !labels.ContainsKey(Key),
        "NotIn" => !labels.TryGetValue(Key, out var value) || !Values.Contains(value),
        _ => labels.TryGetValue(Key, out var value) && Values.Contains(value),
    };
}
