using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Gateway.Snapshots;

/// <summary>The gateway's copy of the mesh has moved on.</summary>
/// <param name="Snapshot">What it is now.</param>
/// <param name="Keys">
/// The entries that changed, by snapshot key; those of the whole copy when <paramref name="IsFull"/>.
/// </param>
/// <param name="IsFull">True when it was loaded anew.</param>
/// <param name="Revision">The newest configuration revision that it reflects; zero before the first.</param>
public sealed record SnapshotUpdate(MeshSnapshot Snapshot, ImmutableArray<string> Keys, bool IsFull, long Revision);
