using System.Collections.Frozen;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane;

/// <summary>The one place where the current model and identity hang. Swaps are single reference writes.</summary>
public sealed class ProxyState : IDisposable
{
    private readonly Lock _applying = new();
    private readonly TimeProvider _clock;
    private Dictionary<string, ClusterState> _clusters = new(StringComparer.Ordinal);
    private volatile ProxySnapshot _current = ProxySnapshot.Empty;
    private volatile TlsIdentity? _identity;

    /// <summary>Starts with <see cref="ProxyModel.Empty"/> and no identity.</summary>
    public ProxyState(TimeProvider clock) => _clock = clock;

    /// <summary>The model in force.</summary>
    public ProxyModel Model => _current.Model;

    /// <summary>The identity that new handshakes use; null before the first certificate.</summary>
    public TlsIdentity? Identity => _identity;

    /// <summary>The model in force, joined with what is known about its endpoints. Read once per request.</summary>
    internal ProxySnapshot Current => _current;

    /// <summary>Raised when a model has been put in force.</summary>
    internal event Action? Applied;

    /// <summary>Raised when other roots are believed, or other certificates are revoked, on the thread that has said so.</summary>
    internal event Action<TlsIdentity>? TrustChanged;

    /// <summary>Puts a new model in force. Requests in flight end under the old one.</summary>
    public void Apply(ProxyModel model)
    {
        lock (_applying)
        {
            var next = new Dictionary<string, ClusterState>(model.Clusters.Count, StringComparer.Ordinal);
            var plans = new Dictionary<string, ClusterPlan>(model.Clusters.Count, StringComparer.Ordinal);
            foreach (var (name, cluster) in model.Clusters)
            {
                var state = _clusters.GetValueOrDefault(name) ?? new ClusterState(name, _clock);
                next.Add(name, state);
                plans.Add(name, state.Plan(cluster));
            }

            var former = _clusters;
            _clusters = next;
            _current = new ProxySnapshot(model, plans.ToFrozenDictionary(StringComparer.Ordinal));
            foreach (var (name, state) in former)
            {
                if (!next.ContainsKey(name)) state.Dispose();
            }
        }

        Applied?.Invoke();
    }

    /// <summary>
    /// Puts a new certificate and new bundles in force. Connections made with the former ones are retired, and their requests
    /// end undisturbed: so no request is sent on a connection whose certificate may have ended, or lost its root, meanwhile.
    /// Where only something else is revoked they stay: those that it concerns are found by what was shown on them.
    /// </summary>
    public void SetIdentity(TlsIdentity identity)
    {
        lock (_applying)
        {
            var former = _identity;
            _identity = identity;
            if (former is null || former.IsEquivalentTo(identity)) return;
            if (!former.ProvesTheSameAs(identity))
            {
                foreach (var cluster in _clusters.Values) cluster.RetireMeshConnections();
            }

            if (former.TrustFingerprint == identity.TrustFingerprint) return;
        }

        TrustChanged?.Invoke(identity);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_applying)
        {
            foreach (var cluster in _clusters.Values) cluster.Dispose();
            _clusters = [];
        }
    }
}

/// <summary>A model and the plans of its clusters.</summary>
internal sealed class ProxySnapshot(ProxyModel model, FrozenDictionary<string, ClusterPlan> clusters)
{
    public static ProxySnapshot Empty { get; } = new(ProxyModel.Empty, FrozenDictionary<string, ClusterPlan>.Empty);

    public ProxyModel Model => model;

    public FrozenDictionary<string, ClusterPlan> Clusters => clusters;
}
