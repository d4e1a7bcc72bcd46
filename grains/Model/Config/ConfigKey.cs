namespace MeshOrleans.Model.Config;

/// <summary>What names one configuration resource. Written <c>Kind/namespace/name</c>.</summary>
public sealed record ConfigKey(string Kind, string Namespace, string Name) : IComparable<ConfigKey>
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text has not three parts.</exception>
    public static ConfigKey Parse(string text) => text.Split('/') is [var kind, var ns, var name]
        ? new ConfigKey(kind, ns, name)
        : throw new FormatException($"'{text}' is not Kind/namespace/name.");

    /// <inheritdoc/>
    public int CompareTo(ConfigKey? other) => string.CompareOrdinal(ToString(), other?.ToString());

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Namespace}/{Name}";
}
