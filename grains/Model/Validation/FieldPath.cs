namespace MeshOrleans.Model.Validation;

/// <summary>Where in a document something is, e.g. <c>spec.http[0].route[1].weight</c>.</summary>
public sealed record FieldPath
{
    private FieldPath(string text) => Text = text;

    /// <summary>The document itself.</summary>
    public static FieldPath Root { get; } = new("");

    /// <summary>The path as it is shown.</summary>
    public string Text { get; }

    /// <summary>A field of the object at this path.</summary>
    public FieldPath At(string field) => new(Text.Length == 0 ? field : $"{Text}.{field}");

    /// <summary>An element of the list at this path.</summary>
    public FieldPath At(int index) => new($"{Text}[{index}]");

    /// <inheritdoc/>
    public override string ToString() => Text;
}
