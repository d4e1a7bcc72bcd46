namespace MeshOrleans.Model.Config;

/// <summary>
/// A namespace: what it says are its labels, see <see cref="ConfigResource.Labels"/>. Its key names it twice,
/// <c>Namespace/shop/shop</c>.
/// </summary>
public sealed record Namespace : ConfigSpec;
