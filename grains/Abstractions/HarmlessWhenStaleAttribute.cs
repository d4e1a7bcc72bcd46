namespace MeshOrleans.Grains;

/// <summary>
/// Of a call that writes seldom or never, and does no harm where an activation answers it that has been replaced without
/// knowing it: it may be served while the database does not answer and the process has just stood still.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HarmlessWhenStaleAttribute : Attribute;
