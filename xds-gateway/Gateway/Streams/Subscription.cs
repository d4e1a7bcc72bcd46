using System.Collections.Immutable;
using MeshOrleans.Xds.Translation;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// What a client asked for of one type, and how far it has been told. A value: every step makes a new one.
/// </summary>
/// <param name="TypeUrl">The type.</param>
internal sealed record Subscription(string TypeUrl)
{
    private static readonly ImmutableHashSet<string> None = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Everything of the type is wanted.</summary>
    public bool IsWildcard { get; init; }

    /// <summary>
    /// A name, or "*", was given at some time: from then on an empty list means nothing, not everything.
    /// </summary>
    public bool WasNamed { get; init; }

    /// <summary>The names wanted besides.</summary>
    public ImmutableHashSet<string> Names { get; init; } = None;

    /// <summary>A response is owed whatever it holds.</summary>
    public bool IsDue { get; init; }

    /// <summary>Names the client waits for, whether or not they have changed.</summary>
    public ImmutableHashSet<string> Requested { get; init; } = None;

    /// <summary>
    /// Names to send once more with the next push, as another type's push has made the client wait for them.
    /// </summary>
    public ImmutableHashSet<string> Forced { get; init; } = None;

    /// <summary>Names whose last content was refused: they come with the next version.</summary>
    public ImmutableHashSet<string> Refused { get; init; } = None;

    /// <summary>
    /// What the client said it holds when it subscribed, name to version; used up by the first response.
    /// </summary>
    public ImmutableDictionary<string, string> Held { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// The group the client has been brought to, as far as it subscribes; null before the first response.
    /// </summary>
    public ResourceGroup? Told { get; init; }

    /// <summary>The version the client has refused: nothing of it is pushed again.</summary>
    public string? Parked { get; init; }

    /// <summary>The client's own words; empty unless the last response was refused.</summary>
    public string NackMessage { get; init; } = "";

    /// <summary>The version acknowledged last.</summary>
    public string AckedVersion { get; init; } = "";

    /// <summary>The last response's nonce; empty before the first.</summary>
    public string Nonce { get; init; } = "";

    /// <summary>The last response is not answered yet.</summary>
    public bool IsOutstanding { get; init; }

    /// <summary>The names in the last response.</summary>
    public ImmutableArray<string> InFlight { get; init; } = [];

    /// <summary>A request waits for an answer: it does not have to wait for an acknowledgement.</summary>
    public bool IsAsked => IsDue || !Requested.IsEmpty;

    /// <summary>Whether the client wants a resource.</summary>
    public bool Wants(string name) => IsWildcard || Names.Contains(name);

    /// <summary>The client has taken over what was last sent.</summary>
    public Subscription Acknowledged() => this with
    {
        IsOutstanding = false,
        AckedVersion = Told?.VersionInfo ?? AckedVersion,
        Parked = null,
        NackMessage = "",
        InFlight = [],
    };

    /// <summary>The client has refused what was last sent and keeps what it had.</summary>
    public Subscription Nacked(string message) => this with
    {
        IsOutstanding = false,
        Parked = Told?.VersionInfo,
        NackMessage = message,
        Refused = Refused.Union(InFlight),
        InFlight = [],
    };
}
