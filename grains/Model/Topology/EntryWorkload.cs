using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>Makes a workload of what a WorkloadEntry says.</summary>
internal static class EntryWorkload
{
    /// <summary>Istio's mark of a workload whose sidecar speaks mesh mTLS.</summary>
    private const string TlsModeLabel = "security.istio.io/tlsMode";

    public static Workload From(
        string ns,
        string name,
        WorkloadEntry entry,
        ImmutableSortedDictionary<string, string> ownLabels,
        MeshSnapshot snapshot)
    {
        // Like Istio: the labels of the entry's spec count, those of its metadata fill up.
        var labels = ownLabels.SetItems(entry.Labels);
        return new Workload
        {
            Namespace = ns,
            Name = name,
            Address = entry.Address,
            Ports = entry.Ports,
            Labels = labels,
            Locality = Locality.Of(entry.Locality, labels),
            Network = entry.Network,
            ServiceAccount = entry.ServiceAccount.Length > 0 ? entry.ServiceAccount : "default",
            Weight = Math.Max(1, entry.Weight),
            // as Istio: who is known by an account has a certificate of it, unless the label says otherwise
            HasSidecar = labels.TryGetValue(TlsModeLabel, out var mode) ? mode == "istio" : entry.ServiceAccount.Length > 0,
            Identity = Identity(ns, entry.ServiceAccount, snapshot.LocalBundle?.TrustDomain),
        };
    }

    private static SpiffeId? Identity(string ns, string account, TrustDomain? domain) =>
        account.Length > 0
        && domain is not null
        && SpiffeId.TryParse($"spiffe://{domain.Name}/ns/{ns}/sa/{account}", out var id)
            ? id
            : null;
}
