namespace MeshOrleans.Samples.Demo;

/// <summary>
/// One line of the demo's table: what was asked of the mesh, what was measured, and whether that holds.
/// </summary>
/// <param name="Row">What it is about.</param>
/// <param name="Asked">What the manifests, or common sense, ask.</param>
/// <param name="Measured">What the traffic that was really sent showed.</param>
/// <param name="Holds">Whether the two agree.</param>
internal sealed record DemoRow(string Row, string Asked, string Measured, bool Holds);
