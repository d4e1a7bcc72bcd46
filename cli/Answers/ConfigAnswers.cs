using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Answers;

/// <summary>The body of <c>POST /v1/config</c>: many files, all or nothing.</summary>
internal sealed record ApplyRequest(IReadOnlyList<ManifestFile> Files, string? Reason = null)
{
    public const string MediaType = "application/vnd.mesh.manifests+json";
}

/// <summary>One file with the name by which findings refer to it.</summary>
internal sealed record ManifestFile(string Name, string Text);

/// <summary>What a change set did.</summary>
internal sealed record ApplyAnswer(
    long Revision, IReadOnlyList<ChangeRow>? Changes = null, IReadOnlyList<ApiFinding>? Warnings = null);

/// <summary>One resource within a change set; <paramref name="Change"/> is created, updated or deleted.</summary>
internal sealed record ChangeRow(string Kind, string Namespace, string Name, string Change);

/// <summary>One configuration resource; <paramref name="Status"/> is empty for a kind that has none.</summary>
internal sealed record ConfigRow(
    string Kind, string Namespace, string Name, long CreatedRevision = 0, string Status = "");

/// <summary>One revision.</summary>
internal sealed record RevisionRow(long Revision, DateTimeOffset Time, string Author = "", string Reason = "");

/// <summary>One revision with its changes.</summary>
internal sealed record RevisionAnswer(
    long Revision,
    DateTimeOffset Time,
    string Author = "",
    string Reason = "",
    IReadOnlyList<ChangeRow>? Changes = null);

/// <summary>What <c>/v1/analyze</c> has found.</summary>
internal sealed record AnalysisAnswer(IReadOnlyList<AnalysisFinding>? Findings = null);

/// <summary>One finding; <paramref name="Severity"/> is error, warning or info.</summary>
internal sealed record AnalysisFinding(
    string Code = "",
    string Name = "",
    string Path = "",
    string Message = "",
    string File = "",
    int Line = 0,
    string Severity = "error",
    string Resource = "");
