namespace MeshOrleans.Model.Config;

/// <summary>What a configuration resource says; each kind derives its own record.</summary>
public abstract record ConfigSpec;
