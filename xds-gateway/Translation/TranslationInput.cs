using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation;

/// <summary>All that a translation may look at; also the key under which its result may be kept.</summary>
/// <param name="Snapshot">What the mesh knows.</param>
/// <param name="Scope">Who is asking, apart from the node's name.</param>
public sealed record TranslationInput(MeshSnapshot Snapshot, ProxyScope Scope);
