namespace MeshOrleans.Grains.Workloads;

/// <summary>A member's name and the namespace it belongs to: the key of its grain.</summary>
public readonly record struct WorkloadName(string Namespace, string Name)
{
    /// <summary>Splits a grain key at its first slash.</summary>
    public static WorkloadName Parse(string key) => key.Split('/', 2) is [var ns, var name]
        ? new WorkloadName(ns, name)
        : new WorkloadName("", key);

    public override string ToString() => $"{Namespace}/{Name}";
}
