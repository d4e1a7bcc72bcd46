using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What somebody who is asked about speaks.</summary>
internal enum CallProtocol
{
    /// <summary>Requests in plaintext, which its sidecar reads.</summary>
    Http,

    /// <summary>Requests in TLS that a gateway ends.</summary>
    Https,

    /// <summary>A connection whose bytes are nobody's concern.</summary>
    Tcp,

    /// <summary>A connection that begins with a TLS handshake.</summary>
    Tls,
}

/// <summary>
/// The body of <c>POST /v1/explain</c>: one request that somebody might send, or one connection that somebody might
/// open.
/// </summary>
internal sealed record ExplainRequest
{
    /// <summary>
    /// Who sends it: a workload as <c>namespace/name</c> (<c>name</c> alone is one of namespace <c>default</c>). Where
    /// there is none of that name, a member whose label <c>app</c>, group or service account has it stands in. Empty
    /// where <see cref="Gateway"/> is said.
    /// </summary>
    public string From { get; init; } = "";

    /// <summary>
    /// The gateway at which somebody from outside of the mesh enters, in place of <see cref="From"/>: a workload as
    /// there, or a Gateway as <c>namespace/name</c>, for which a workload that opens it stands in. Null for a call of
    /// the mesh.
    /// </summary>
    public string? Gateway { get; init; }

    /// <summary>The address of somebody from outside, which policies may ask for. Null when it is not known.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>What is spoken. In TLS that no gateway ends it is <see cref="CallProtocol.Tls"/>.</summary>
    /// <value>Requests in plaintext by default.</value>
    public CallProtocol Protocol { get; init; }

    /// <summary>
    /// The name that a TLS handshake asks for. Null for the host of <see cref="To"/>, where that is a name.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>
    /// Whom it is sent to: a host as the client writes it, with a port if it is not 80 (443 for TLS; of bytes it must
    /// be said), or <c>namespace/service</c>, with a port if the service has several and none of them is 80. At a
    /// gateway it is the port that clients call: that of a Gateway's server, or else the one that the proxy opens.
    /// </summary>
    public string To { get; init; } = "";

    /// <summary>The method.</summary>
    /// <value>GET by default.</value>
    public string Method { get; init; } = "GET";

    /// <summary>Path and query as the client sends them.</summary>
    /// <value><c>/</c> by default.</value>
    public string Path { get; init; } = "/";

    /// <summary>
    /// The headers that the client sends, apart from the host. A header is one line, a text, or several, a list of
    /// texts: the proxies do not take two lines for one that has both texts in it.
    /// </summary>
    public ImmutableDictionary<string, StringValues> Headers { get; init; } = ImmutableDictionary<string, StringValues>.Empty;

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
