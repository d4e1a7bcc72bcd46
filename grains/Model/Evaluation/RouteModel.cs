namespace MeshOrleans.Model.Evaluation;

/// <summary>One entry of a virtual host: a condition and what follows from it.</summary>
public sealed record RouteModel
{
    /// <summary>The name of the route that a host which demands TLS has before all that were written for it.</summary>
    public const string HttpsRedirect = "https_redirect";

    /// <summary>The name that logs and metrics show; empty when none was given.</summary>
    public string Name { get; init; } = "";

    /// <summary>When the route applies.</summary>
    public RouteMatchModel Match { get; init; } = RouteMatchModel.Any;

    /// <summary>What happens to the request.</summary>
    public required RouteAction Action { get; init; }

    /// <summary>What is changed in the request's headers at route level.</summary>
    public HeaderOperations RequestHeaders { get; init; } = HeaderOperations.None;

    /// <summary>
    /// What is changed in the response's headers at route level; also for redirects and direct responses.
    /// </summary>
    public HeaderOperations ResponseHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Delays and aborts made on purpose, before anything is forwarded.</summary>
    public FaultModel? Fault { get; init; }

    /// <summary>Cross-origin rules: after the fault, before the action.</summary>
    public CorsModel? Cors { get; init; }
}
