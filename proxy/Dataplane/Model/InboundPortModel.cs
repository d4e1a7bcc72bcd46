using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Which callers a port accepts (PeerAuthentication).</summary>
public enum InboundTlsMode
{
    /// <summary>Mesh mTLS only; anything else is closed without an answer.</summary>
    Strict,

    /// <summary>Mesh mTLS and plaintext; other TLS goes to the application unread.</summary>
    Permissive,

    /// <summary>No mesh TLS: everything is what the application speaks.</summary>
    Disable,
}

/// <summary>One workload port as callers see it.</summary>
public sealed record InboundPortModel
{
    /// <summary>The port that the application listens on; policy speaks of this one.</summary>
    public required int Port { get; init; }

    /// <summary>Which callers are accepted.</summary>
    public InboundTlsMode Mode { get; init; } = InboundTlsMode.Permissive;

    /// <summary>True when the port speaks HTTP; otherwise bytes are relayed.</summary>
    public bool IsHttp { get; init; } = true;

    /// <summary>
    /// True on a port of HTTP of which nobody has declared that it is one: what turns out to be no request is relayed.
    /// </summary>
    public bool MayBeBytes { get; init; }

    /// <summary>The routes of an HTTP port; usually one, to the cluster <c>inbound|PORT||</c>.</summary>
    public RouteTableModel Routes { get; init; } = RouteTableModel.Empty;

    /// <summary>The cluster of a port that relays bytes, or may do so.</summary>
    public string TcpCluster { get; init; } = "";

    /// <summary>How long the connections of a port that relays bytes may last.</summary>
    public RelayModel Relay { get; init; } = RelayModel.Default;

    /// <summary>The tokens that are verified, before it is asked who may call. None on what relays bytes.</summary>
    public TokenAuthentication Tokens { get; init; } = TokenAuthentication.Nothing;

    /// <summary>
    /// Who may call what. On a port that relays bytes it is asked for each connection, and again when it changes.
    /// </summary>
    public AuthorizationModel Authorization { get; init; } = AuthorizationModel.AllowAll;

    /// <summary>Who is asked about what <see cref="AuthorizationModel.Custom"/> matches; null when that matches nothing.</summary>
    public ExternalAuthorizerModel? Authorizer { get; init; }

    /// <summary>How many requests are taken; each of them has to be within every limit that applies to it.</summary>
    public ImmutableArray<RateLimitRuleModel> RateLimits { get; init; } = [];

    /// <summary>How many of the last addresses in x-forwarded-for stand between this proxy and the original client.</summary>
    public int TrustedHops { get; init; }

    /// <summary>How paths are brought to one spelling before policy and routing.</summary>
    public PathNormalizationMode PathNormalization { get; init; } = PathNormalizationMode.Base;
}
