namespace MeshOrleans.Model.Snapshots;

/// <summary>How fetching the keys of an issuer stands. The keys themselves are an entry of their own.</summary>
/// <param name="FetchedAt">When they were last fetched; null before the first time.</param>
/// <param name="Keys">How many keys are in use; zero before the first time, and after they became too old.</param>
/// <param name="Error">Why the last attempt failed; null when it succeeded.</param>
public sealed record IssuerRecord(DateTimeOffset? FetchedAt, int Keys, string? Error);
