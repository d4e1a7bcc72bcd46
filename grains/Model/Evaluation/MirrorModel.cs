namespace MeshOrleans.Model.Evaluation;

/// <summary>Copies of requests for another cluster; their answers are thrown away.</summary>
/// <param name="Cluster">Who gets the copies.</param>
/// <param name="Share">How many requests are copied.</param>
public sealed record MirrorModel(string Cluster, Fraction Share);
