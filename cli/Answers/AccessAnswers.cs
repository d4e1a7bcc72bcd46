namespace MeshOrleans.Cli.Answers;

/// <summary>Whom the control plane takes us for.</summary>
internal sealed record WhoAmIAnswer(string Name, string Credential = "", IReadOnlyList<GrantRow>? Roles = null);

/// <summary>One role; without namespaces it is for the mesh.</summary>
internal sealed record GrantRow(string Role, IReadOnlyList<string>? Namespaces = null, bool ForMesh = false);

/// <summary>One change that somebody has made.</summary>
internal sealed record AuditRow(
    long Number,
    DateTimeOffset Time,
    string Caller = "",
    string Address = "",
    string Method = "",
    string Path = "",
    int Status = 0,
    long? Revision = null,
    string Gateway = "",
    string Subject = "");
