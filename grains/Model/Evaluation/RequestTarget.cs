namespace MeshOrleans.Model.Evaluation;

/// <summary>A request target after its one normalisation.</summary>
/// <param name="Path">What policy sees, routing sees and the application gets. Begins with a slash.</param>
/// <param name="Query">Everything after the first question mark, as sent; empty when there is none.</param>
public readonly record struct RequestTarget(string Path, string Query)
{
    /// <summary>The text to forward.</summary>
    public string Text => Query.Length == 0 ? Path : $"{Path}?{Query}";
}
