namespace MeshOrleans.Cli.Connection;

/// <summary>Why the control plane did not do what it was asked, as <c>application/problem+json</c> tells it.</summary>
internal sealed record ApiProblem
{
    /// <summary>HTTP status.</summary>
    public int Status { get; init; }

    public string? Title { get; init; }

    public string? Detail { get; init; }

    public IReadOnlyList<ApiFinding>? Errors { get; init; }

    /// <summary>The body as it came.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Body { get; init; } = "";
}

/// <summary>One finding about a manifest: an error or a warning with its place.</summary>
internal sealed record ApiFinding(
    string? Code, string? Path, string? Message, string? File, int Line, string? Severity, string? Resource);
