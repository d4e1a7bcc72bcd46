namespace MeshOrleans.Model.Config;

/// <summary>
/// Exports the service of the same name and namespace to the federated meshes (mesh.orleans.io/v1). It says nothing
/// else.
/// </summary>
public sealed record ServiceExport : ConfigSpec;
