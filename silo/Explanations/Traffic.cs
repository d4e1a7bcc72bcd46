using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>What is on its way from one hop to the next.</summary>
/// <param name="Call">What is said in a request; nothing of a connection.</param>
/// <param name="IsRequest">The hops can read it, where no TLS is around it. Otherwise it is a connection.</param>
/// <param name="IsTls">TLS is around it that no hop has ended yet.</param>
/// <param name="ServerName">The name that its handshake asks for; empty without TLS.</param>
internal sealed record Traffic(CallFacts Call, bool IsRequest, bool IsTls = false, string ServerName = "")
{
    /// <summary>What policies see of a connection: nothing of it.</summary>
    public static CallFacts Nothing { get; } =
        new("", "", new RequestTarget("", ""), ImmutableDictionary<string, StringValues>.Empty);

    /// <summary>The mesh mTLS of a sidecar that gateways pass on unread; null for everything else.</summary>
    public SealedTls? Seal { get; init; }

    /// <summary>
    /// The status that the client gets to see; none on a connection, nor of a hop that TLS goes through.
    /// </summary>
    /// <param name="status">The status of an answer; 200 for that of whom it is meant for.</param>
    public int? Status(int status) => IsRequest && (!IsTls || status == 200) ? status : null;
}

/// <summary>Mesh mTLS that ends behind the next hop.</summary>
/// <param name="PeerId">What its sender proves.</param>
/// <param name="Tls">What its sender demands.</param>
internal sealed record SealedTls(string PeerId, UpstreamTlsModel Tls);

/// <summary>A proxy that sends something on.</summary>
/// <param name="Proxy">What it does, and why.</param>
/// <param name="Name">Who it is, as a sentence begins.</param>
/// <param name="Identity">What it proves.</param>
/// <param name="Address">Its own address; null when unknown.</param>
/// <param name="Hops">How many proxies have sent it on before.</param>
internal sealed record Sender(ScopeModel Proxy, string Name, string Identity, IPAddress? Address, int Hops);
