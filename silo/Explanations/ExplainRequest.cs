using System.Collections.Immutable;

namespace MeshOrleans.Silo.Explanations;

/// <summary>The body of <c>POST /v1/explain</c>: one request that somebody might send.</summary>
internal sealed record ExplainRequest
{
    /// <summary>
    /// Who sends it: a workload as <c>namespace/name</c> (<c>name</c> alone is one of namespace <c>default</c>). Where
    /// there is none of that name, a member whose label <c>app</c>, group or service account has it stands in.
    /// </summary>
    public string From { get; init; } = "";

    /// <summary>
    /// Whom it is sent to: a host as the client writes it, with a port if it is not 80, or <c>namespace/service</c>,
    /// with a port if the service has several and none of them is 80.
    /// </summary>
    public string To { get; init; } = "";

    /// <summary>The method.</summary>
    /// <value>GET by default.</value>
    public string Method { get; init; } = "GET";

    /// <summary>Path and query as the client sends them.</summary>
    /// <value><c>/</c> by default.</value>
    public string Path { get; init; } = "/";

    /// <summary>
    /// The headers that the client sends, apart from the host. Values of one name stand in one text, joined by commas.
    /// </summary>
    public ImmutableDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// The client has no sidecar: it dials members itself and proves nothing. Null to go by what is known of the
    /// client; one that is only described has a sidecar.
    /// </summary>
    public bool? Plaintext { get; init; }

    /// <summary>The service account of a client that is not there (yet). Null for <c>default</c>.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>The labels of a client that is not there (yet).</summary>
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }
}
