namespace MeshOrleans.Cli.Connection;

/// <summary>The control plane refused; every command ends on it, and one place reports it.</summary>
internal sealed class ApiException(ApiProblem problem) : Exception(problem.Title)
{
    public ApiProblem Problem { get; } = problem;
}
