using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What becomes of some of the connections of an edge listener.</summary>
public sealed record EdgeChainModel
{
    /// <summary>Its name, of its own within the listener.</summary>
    public required string Name { get; init; }

    /// <summary>The server names it takes, exact or <c>*.suffix</c>; none for all that no other chain takes.</summary>
    public ImmutableArray<string> ServerNames { get; init; } = [];

    /// <summary>It takes handshakes, whether it ends them or not.</summary>
    public bool IsTls { get; init; }

    /// <summary>It takes handshakes only in which the client offers a protocol of the mesh.</summary>
    public bool IsForMesh { get; init; }

    /// <summary>How TLS ends here; null when it goes through, and for plaintext.</summary>
    public EdgeTlsModel? Tls { get; init; }

    /// <summary>The routes of requests; null when bytes are relayed.</summary>
    public RouteTableModel? Routes { get; init; }

    /// <summary>How paths are brought to one spelling before policy and routing.</summary>
    public PathNormalizationMode PathNormalization { get; init; } = PathNormalizationMode.Base;

    /// <summary>
    /// How many proxies in front of this one are trusted to tell whose request they pass on; without any, whoever connects
    /// is the client.
    /// </summary>
    public int TrustedHops { get; init; }

    /// <summary>Where relayed bytes go, chosen once per connection; null for requests.</summary>
    public WeightedChoice? Clusters { get; init; }

    /// <summary>How long the connections of a chain that relays bytes may last.</summary>
    public RelayModel Relay { get; init; } = RelayModel.Default;

    /// <summary>The tokens that are verified, before it is asked who may call. None on what relays bytes.</summary>
    public TokenAuthentication Tokens { get; init; } = TokenAuthentication.Nothing;

    /// <summary>Who may call what. Of relayed bytes it is asked once per connection.</summary>
    public AuthorizationModel Authorization { get; init; } = AuthorizationModel.AllowAll;

    /// <summary>Who is asked about what <see cref="AuthorizationModel.Custom"/> matches; null when that matches nothing.</summary>
    public ExternalAuthorizerModel? Authorizer { get; init; }

    /// <summary>How many requests it takes. Nothing of relayed bytes.</summary>
    public ImmutableArray<RateLimitRuleModel> RateLimits { get; init; } = [];
}
