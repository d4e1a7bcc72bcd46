using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Silo.Explanations;

/// <summary>Those who explain one hop each. They hand what goes on to one another.</summary>
internal sealed class Explainers
{
    /// <summary>After how many proxies nothing is followed any more: routes may lead round in a circle.</summary>
    public const int MaxHops = 6;

    /// <param name="snapshot">The mesh.</param>
    /// <param name="clock">The time by which tokens are judged.</param>
    public Explainers(MeshSnapshot snapshot, TimeProvider clock)
    {
        Models = new ScopeModels(snapshot);
        Admissions = new AdmissionExplainer(clock);
        Inbound = new InboundExplainer(this);
        Gateways = new GatewayExplainer(this);
        Clusters = new ClusterExplainer(Inbound);
        Routes = new RouteFollower(Clusters);
    }

    /// <summary>What proxies make of the mesh.</summary>
    public ScopeModels Models { get; }

    /// <summary>Who is let in.</summary>
    public AdmissionExplainer Admissions { get; }

    /// <summary>What happens at members.</summary>
    public InboundExplainer Inbound { get; }

    /// <summary>What happens at gateways.</summary>
    public GatewayExplainer Gateways { get; }

    /// <summary>Who of a cluster gets it.</summary>
    public ClusterExplainer Clusters { get; }

    /// <summary>What follows from a route.</summary>
    public RouteFollower Routes { get; }
}
