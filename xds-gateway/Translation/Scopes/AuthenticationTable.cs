using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>
/// What workload ports demand of their callers under some configuration, by the rules that the translation goes by.
/// </summary>
public sealed class AuthenticationTable
{
    private readonly MeshIndex _index;

    /// <param name="config">The configuration; what does not speak of authentication is passed over.</param>
    public AuthenticationTable(IEnumerable<ConfigResource> config) => _index = MeshIndex.Of(MeshSnapshot.Empty with
    {
        Config = config.Where(r => r.Spec is PeerAuthentication or MeshConfig)
            .ToImmutableSortedDictionary(r => r.Key, r => r),
    });

    /// <summary>The namespace whose policies without a selector are for the whole mesh.</summary>
    public string RootNamespace => _index.Settings.RootNamespace;

    /// <summary>The mode of a workload port, and who says so.</summary>
    /// <param name="ns">The workload's namespace.</param>
    /// <param name="labels">The workload's labels.</param>
    /// <param name="workloadPort">The port.</param>
    public AuthenticationInForce Find(string ns, ImmutableSortedDictionary<string, string> labels, int workloadPort) =>
        AuthenticationScope.Find(_index, ns, labels, workloadPort);
}
