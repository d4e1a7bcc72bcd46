namespace MeshOrleans.Xds.Protocol.Patches;

/// <summary>What the gateway and the sidecars of this mesh agree on to send only what has changed within a resource.</summary>
/// <remarks>
/// A sidecar that says <see cref="Metadata"/> may get, on the delta method, a <see cref="ResourcePatch"/> in the place of
/// a resource: for one that it holds in the version that the patch names. It applies the patch to the bytes of the
/// <c>Any</c> that it holds and looks whether the result bears the version of the response (<see cref="ContentVersion"/>):
/// what comes of it is the very resource, or nothing. Who cannot use a patch refuses it and subscribes to the name anew,
/// which is always answered in full.
/// </remarks>
public static class ResourcePatches
{
    /// <summary>Node metadata: <c>"true"</c> from a client that takes patches.</summary>
    public const string Metadata = "MESH_PATCHES";

    /// <summary>The type of what stands in the place of a resource.</summary>
    public static string TypeUrl { get; } = TypeUrls.Of(ResourcePatch.Descriptor);
}
