using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>The picture of the mesh that streams bring their proxies to.</summary>
/// <param name="Snapshot">The mesh.</param>
/// <param name="Index">What translations need of it.</param>
/// <param name="Revision">The newest configuration revision in it.</param>
/// <param name="ChangedAt">Clock timestamp of the oldest change in it that the picture before did not have.</param>
/// <param name="Ordinal">Its number: each picture has a higher one than those before it.</param>
internal sealed record PushPicture(
    MeshSnapshot Snapshot, MeshIndex Index, long Revision, long ChangedAt, long Ordinal);
