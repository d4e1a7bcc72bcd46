namespace MeshOrleans.Model.Config;

/// <summary>Names a port by number.</summary>
/// <param name="Number">1 to 65535; 0 when the manifest named none.</param>
public sealed record PortSelector(int Number);
