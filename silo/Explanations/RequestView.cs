using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>A request that nobody has sent, as routing and policy see it.</summary>
/// <param name="Call">What is said in it.</param>
/// <param name="Hop">How it comes in.</param>
/// <param name="Token">The verified token that counts; null without.</param>
internal readonly record struct RequestView(CallFacts Call, HopFacts Hop, VerifiedToken? Token = null) : IRequestView
{
    public string Method => Call.Method;

    public string Scheme => Hop.Scheme;

    public string Authority => Call.Authority;

    public string Path => Call.Target.Path;

    public string Query => Call.Target.Query;

    public string PeerId => Hop.PeerId;

    public string ServerName => Hop.ServerName;

    public IPAddress? SourceAddress => Hop.SourceAddress;

    public IPAddress? RemoteAddress =>
        ForwardedAddress.Find(Header(ForwardedAddress.Header), Hop.TrustedHops) ?? Hop.SourceAddress;

    public int SourcePort => 0;

    public IPAddress? DestinationAddress => Hop.DestinationAddress;

    public int DestinationPort => Hop.Port;

    public HeaderValues Header(string name)
    {
        var lines = Call.Headers.GetValueOrDefault(name);
        return lines.Count > 1 ? new HeaderValues(lines.ToArray()) : new HeaderValues(lines.Count == 0 ? null : lines[0] ?? "");
    }
}

/// <summary>What is said in a request.</summary>
/// <param name="Method">The method.</param>
/// <param name="Host">The host as it is written.</param>
/// <param name="Target">Path and query, normalised.</param>
/// <param name="Headers">The lines of the headers; names without case.</param>
internal sealed record CallFacts(
    string Method, string Host, RequestTarget Target, ImmutableDictionary<string, StringValues> Headers)
{
    /// <summary>The host as it is compared.</summary>
    public string Authority { get; } = HostName.Normalize(Host);
}

/// <summary>How a request comes to a proxy.</summary>
/// <param name="Port">The port that was called.</param>
/// <param name="PeerId">The SPIFFE ID that the peer has proved; empty for none.</param>
/// <param name="ServerName">The server name of its handshake; empty without.</param>
/// <param name="SourceAddress">The peer's address; null when unknown.</param>
/// <param name="DestinationAddress">The address that was called; null when unknown.</param>
/// <param name="TrustedHops">How many of the last addresses in x-forwarded-for are passed over.</param>
/// <param name="Scheme"><c>http</c>, or <c>https</c> where TLS has ended.</param>
internal sealed record HopFacts(
    int Port,
    string PeerId = "",
    string ServerName = "",
    IPAddress? SourceAddress = null,
    IPAddress? DestinationAddress = null,
    int TrustedHops = 0,
    string Scheme = "http");
