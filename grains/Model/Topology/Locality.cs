namespace MeshOrleans.Model.Topology;

/// <summary>Where a workload runs, as <c>region/zone/sub-zone</c>; missing parts are empty.</summary>
public sealed record Locality(string Region, string Zone, string SubZone) : IComparable<Locality>
{
    private const string Label = "istio-locality";

    /// <summary>The locality of a workload that named none.</summary>
    public static Locality Unknown { get; } = new("", "", "");

    /// <summary>Reads <c>r/z/s</c>; further slashes stay in the sub-zone.</summary>
    public static Locality Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return Unknown;
        var parts = text.Split('/', 3);
        return new Locality(parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "");
    }

    /// <summary>
    /// What a workload states, else what its label <c>istio-locality</c> says: <c>r/z/s</c>, or <c>r.z.s</c>, as a label has no
    /// slashes. Source: Istio, <c>GetLocalityLabel</c>.
    /// </summary>
    public static Locality Of(string? stated, IReadOnlyDictionary<string, string> labels)
    {
        if (!string.IsNullOrEmpty(stated) || !labels.TryGetValue(Label, out var label)) return Parse(stated);
        return Parse(label.Contains('/') ? label : label.Replace('.', '/'));
    }

    /// <inheritdoc/>
    public int CompareTo(Locality? other) =>
        other is null ? 1
        : string.CompareOrdinal(Region, other.Region) is var r and not 0 ? r
        : string.CompareOrdinal(Zone, other.Zone) is var z and not 0 ? z
        : string.CompareOrdinal(SubZone, other.SubZone);

    /// <inheritdoc/>
    public override string ToString() =>
        SubZone.Length > 0 ? $"{Region}/{Zone}/{SubZone}" : Zone.Length > 0 ? $"{Region}/{Zone}" : Region;
}
