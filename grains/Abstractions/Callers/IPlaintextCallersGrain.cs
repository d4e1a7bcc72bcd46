using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Callers;

/// <summary>
/// Who calls the workloads of a namespace without mesh mTLS, as their sidecars have seen it. Key: the namespace. Calls
/// nobody.
/// </summary>
[Alias("mesh.IPlaintextCallersGrain")]
public interface IPlaintextCallersGrain : IGrainWithStringKey
{
    /// <summary>
    /// What sidecars have seen since a gateway last told. Told twice, it is as if told once. A caller that is new, or
    /// was last known some minutes ago, has been saved when the answer comes.
    /// </summary>
    [Alias("Tell")]
    Task TellAsync(ImmutableArray<CallerReport> reports, CancellationToken cancellationToken);

    /// <summary>All that is remembered, by node id.</summary>
    [AlwaysInterleave, Alias("List")]
    Task<ImmutableArray<CallerReport>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Forgets callers as they were seen until now; who comes again is remembered again.</summary>
    /// <param name="address">The caller's address; empty for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many callers of how many ports were forgotten, counted for each sidecar.</returns>
    [Alias("Forget")]
    Task<int> ForgetAsync(string address, CancellationToken cancellationToken);
}
