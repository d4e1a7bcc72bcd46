using System.Collections.Immutable;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// What a client asked for of one type, and how far it has been told. A value: every step makes a new one.
/// </summary>
/// <param name="TypeUrl">The type.</param>
internal sealed record Subscription(string TypeUrl)
{
    private const int MaxTrials = 32; // finds one bad resource among millions, or a few among thousands
    private static readonly ImmutableHashSet<string> None = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The client speaks the delta method: it is told what changes.</summary>
    public bool IsDelta { get; init; }

    /// <summary>Every response is the whole state of the type, as the other method has it for some.</summary>
    public bool IsWhole => !IsDelta && RequestClassifier.HasWildcard(TypeUrl);

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

    /// <summary>
    /// The rest of a divided answer: it follows once the part before is answered, so that each part can be refused.
    /// </summary>
    public ImmutableHashSet<string> Rest { get; init; } = None;

    /// <summary>
    /// Resources that were refused, name to version: that content is not pushed again. Types that are told as a whole
    /// are refused as a whole, see <see cref="Parked"/>.
    /// </summary>
    public ImmutableDictionary<string, string> Refused { get; init; } =
        ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Resources that were refused together, of which some may be good: each part is tried on its own, the last one
    /// first.
    /// </summary>
    public ImmutableStack<ImmutableArray<EncodedResource>> Suspects { get; init; } = [];

    /// <summary>
    /// How many refusals the search among <see cref="Suspects"/> has met; a client that refuses everything ends it.
    /// </summary>
    public int Trials { get; init; }

    /// <summary>
    /// What the client said it holds when it subscribed, name to version; used up by the first response.
    /// </summary>
    public ImmutableDictionary<string, string> Held { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// The group the client has been brought to, as far as it subscribes; null before the first response.
    /// </summary>
    public ResourceGroup? Told { get; init; }

    /// <summary>
    /// The version whose resources, or some of them, the client has refused; null when it has taken over everything.
    /// Of a type that is told as a whole nothing of it is pushed again.
    /// </summary>
    public string? Parked { get; init; }

    /// <summary>The client's own words; empty unless the last response was refused.</summary>
    public string NackMessage { get; init; } = "";

    /// <summary>The version acknowledged last.</summary>
    public string AckedVersion { get; init; } = "";

    /// <summary>The last response's nonce; empty before the first.</summary>
    public string Nonce { get; init; } = "";

    /// <summary>The last response is not answered yet.</summary>
    public bool IsOutstanding { get; init; }

    /// <summary>What the last response brought.</summary>
    public ImmutableArray<EncodedResource> InFlight { get; init; } = [];

    /// <summary>What the last response took away.</summary>
    public ImmutableArray<string> Removing { get; init; } = [];

    /// <summary>A request waits for an answer: it does not have to wait for an acknowledgement.</summary>
    public bool IsAsked => IsDue || !Requested.IsEmpty;

    /// <summary>Something that the client has been told of is still to be sent.</summary>
    public bool HasMore => !Forced.IsEmpty || !Rest.IsEmpty || !Suspects.IsEmpty;

    /// <summary>Whether the client wants a resource.</summary>
    public bool Wants(string name) => IsWildcard || Names.Contains(name);

    /// <summary>The client has taken over what was last sent.</summary>
    public Subscription Acknowledged() => (this with
    {
        IsOutstanding = false,
        AckedVersion = Told?.VersionInfo ?? AckedVersion,
        Parked = IsWhole ? null : Parked,
        Trials = Suspects.IsEmpty ? 0 : Trials,
        InFlight = [],
        Removing = [],
    }).Settled();

    /// <summary>The client has refused what was last sent and keeps what it had.</summary>
    public Subscription Nacked(string message)
    {
        var next = this with
        {
            IsOutstanding = false, Parked = Told?.VersionInfo, NackMessage = message, InFlight = [], Removing = [],
        };
        if (IsWhole) return next;
        if (IsDelta && !InFlight.IsEmpty) next = next with { Rest = Rest.Union(Removing) }; // which are rarely to blame
        var isGivenUp = Trials == MaxTrials;
        if (!IsDelta || InFlight.Length <= 1 || isGivenUp)
        {
            var refused = isGivenUp ? InFlight.Concat(Suspects.SelectMany(s => s)) : InFlight;
            return next with
            {
                Refused = Refused.SetItems(refused.Select(r => KeyValuePair.Create(r.Name, r.Version))),
                Suspects = isGivenUp ? [] : Suspects,
                Trials = isGivenUp || Suspects.IsEmpty ? 0 : Trials + 1,
            };
        }

        // Which one it was nobody knows, and some clients have taken over nothing of it.
        var half = InFlight.Length / 2;
        return next with { Suspects = Suspects.Push(InFlight[half..]).Push(InFlight[..half]), Trials = Trials + 1 };
    }

    /// <summary>Once nothing is refused any more, nothing is said to be.</summary>
    public Subscription Settled() => (IsWhole ? Parked is null : Refused.IsEmpty && Suspects.IsEmpty)
        ? this with { Parked = null, NackMessage = "" }
        : this;
}
