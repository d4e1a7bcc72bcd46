using System.Net;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What routing and policy may look at of one request, whoever carries it.</summary>
/// <remarks>
/// Implemented by structs and always passed by reference, so a decision allocates nothing. The proxy, <c>explain</c>
/// and the tests each bring their own view; the decisions are one code.
/// </remarks>
public interface IRequestView
{
    /// <summary>The method, in the sender's case.</summary>
    string Method { get; }

    /// <summary><c>http</c> or <c>https</c>.</summary>
    string Scheme { get; }

    /// <summary>The host with the port if one was sent, as <see cref="HostName.Normalize"/> gives it.</summary>
    string Authority { get; }

    /// <summary>The path without query, as <see cref="PathNormalizer"/> gives it.</summary>
    string Path { get; }

    /// <summary>The query without the question mark, as sent; empty when there is none.</summary>
    string Query { get; }

    /// <summary>The SPIFFE ID that the peer has proved on this connection, as a URI; empty without mTLS.</summary>
    string PeerId { get; }

    /// <summary>The server name of the TLS handshake; empty without TLS.</summary>
    string ServerName { get; }

    /// <summary>The address of the direct peer; null when it has none (a pipe, a plan).</summary>
    IPAddress? SourceAddress { get; }

    /// <summary>
    /// The address of the original client, as far as the proxies on the way are trusted to tell it; that of the direct
    /// peer where they are not. Null when that has none.
    /// </summary>
    IPAddress? RemoteAddress { get; }

    /// <summary>The port of the direct peer.</summary>
    int SourcePort { get; }

    /// <summary>The address that was called; null when unknown.</summary>
    IPAddress? DestinationAddress { get; }

    /// <summary>The workload's port that was called.</summary>
    int DestinationPort { get; }

    /// <summary>The token that was verified for this request; null when there is none.</summary>
    VerifiedToken? Token { get; }

    /// <summary>Every value of a header; the name is compared without case.</summary>
    HeaderValues Header(string name);
}
