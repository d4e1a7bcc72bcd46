using System.Collections.Immutable;

namespace MeshOrleans.Grains.Scopes;

/// <summary>
/// The hosts that a kind of workload has called, so that its next replica knows them from the start. Key: namespace,
/// service account and workload group, as <c>shop/cart/cart-v1</c>. Calls nobody.
/// </summary>
[Alias("mesh.IWorkloadScopeGrain")]
public interface IWorkloadScopeGrain : IGrainWithStringKey
{
    /// <summary>The hosts that are remembered, in order.</summary>
    [Alias("Recall")]
    Task<ImmutableArray<string>> RecallAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hosts that were asked for just now. The most recent ones are kept, up to a limit; those that nobody asks for are
    /// forgotten after some weeks.
    /// </summary>
    [Alias("Remember")]
    Task RememberAsync(ImmutableArray<string> hosts, CancellationToken cancellationToken);
}
