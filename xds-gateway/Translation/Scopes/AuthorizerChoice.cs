using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Policies;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>Whom a workload's proxy asks about what its CUSTOM policies match.</summary>
/// <remarks>
/// One provider for a workload, as in Istio: with two of them nobody would know whose word counts. Where nobody can be
/// asked (a provider that the mesh does not have, two of them, a service that is not in sight, a client that is a gRPC
/// program), what the policies match is refused.
/// </remarks>
internal sealed record AuthorizerChoice
{
    /// <summary>No policy asks.</summary>
    public static AuthorizerChoice Nobody { get; } = new();

    /// <summary>Who is asked; null when nobody can be.</summary>
    public ExtensionProvider? Provider { get; private init; }

    /// <summary>The full name of its service; empty without provider.</summary>
    public string Host { get; private init; } = "";

    /// <summary>The namespace that its service belongs to; empty without provider.</summary>
    private string Namespace { get; init; } = "";

    /// <summary>
    /// The provider that the workload serves itself; empty when it is none. It is not asked about the requests to it: each
    /// question would be such a request.
    /// </summary>
    public string Served { get; private init; } = "";

    /// <summary>Why nobody can be asked, as half a sentence; empty when there is no such policy, or somebody can.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>The provider's cluster.</summary>
    public string Cluster => ClusterName.Outbound(Host, Provider!.Authorizer!.Port!.Value);

    /// <summary>The choice, as long as its service has not been looked for.</summary>
    public static AuthorizerChoice Of(MeshIndex mesh, ProxyScope scope)
    {
        string? name = null;
        foreach (var policy in RbacTranslator.Considered(mesh, scope))
        {
            if (policy.Spec.Action is not AuthorizationAction.Custom || RbacTranslator.ExclusionOf(scope, policy) is not null)
            {
                continue;
            }

            var wanted = policy.Spec.Provider ?? "";
            if (name is not null && name != wanted)
            {
                return new AuthorizerChoice { Problem = $"its policies name two providers, {name} and {wanted}" };
            }

            name = wanted;
        }

        if (name is null) return Nobody;
        if (mesh.Settings.Providers.GetValueOrDefault(name) is not { Authorizer: { Port: not null } authorizer } provider)
        {
            return new AuthorizerChoice { Problem = $"the MeshConfig has no extension provider {name}" };
        }

        if (scope.Mode is ProxyMode.Proxyless)
        {
            return new AuthorizerChoice { Problem = "gRPC programs cannot ask a provider" };
        }

        var (service, problem) = ProviderService.Find(mesh.Registry, authorizer.Service, mesh.Settings.RootNamespace);
        if (service is null) return new AuthorizerChoice { Problem = $"{problem} (provider {provider.Name})" };
        return ProviderService.IsServedBy(service, scope.Namespace, scope.Labels)
            ? new AuthorizerChoice { Served = provider.Name }
            : new AuthorizerChoice { Provider = provider, Host = service.Host, Namespace = service.Namespace };
    }

    /// <summary>The choice once it is known which service of the host is in sight.</summary>
    public AuthorizerChoice At(Service? service) =>
        Provider is null ? this
        : service is null ? new AuthorizerChoice { Problem = $"the service {Host} of provider {Provider.Name} is not in sight" }
        : service.Namespace != Namespace ? new AuthorizerChoice
        {
            Problem = $"the service {Host} in sight is that of namespace {service.Namespace}, and that of provider {Provider.Name} is that of {Namespace}",
        }
        : service.FindPort(Provider.Authorizer!.Port!.Value) is { Protocol: not AppProtocol.Udp } ? this
        : new AuthorizerChoice { Problem = $"the service {Host} has no port {Provider.Authorizer.Port}" };
}
