namespace Orleans.Runtime;

/// <summary>Marks the constructor parameter that receives the saved state of this name.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class PersistentStateAttribute : Attribute
{
    public PersistentStateAttribute(string stateName, string? storageName = null)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        StateName = stateName;
        StorageName = storageName;
    }

    public string StateName { get; }

    /// <summary>Which store; null is the default one.</summary>
    public string? StorageName { get; }
}
