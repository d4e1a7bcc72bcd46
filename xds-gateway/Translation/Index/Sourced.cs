using MeshOrleans.Model.Config;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>What a resource says, together with the resource itself.</summary>
internal sealed record Sourced<TSpec>(ConfigResource Resource, TSpec Spec)
    where TSpec : ConfigSpec
{
    public string Namespace => Resource.Key.Namespace;

    public string Name => Resource.Key.Name;
}
