using System.Collections.Immutable;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>
/// What a client asked for of one type, and how far it has been told. A value: every step makes a new one.
/// </summary>
/// <param name="TypeUrl">The type.</param>
internal sealed record Subscription(string TypeUrl)
{
    private const int MaxEarlier = 16; // who asks ever more and answers nothing must not fill the memory
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

    /// <summary>
    /// Responses before the last that are not answered either, the oldest first: what a client asks for does not wait for
    /// its word on what came before. The delta method only: in the other one asking is answering.
    /// </summary>
    public ImmutableArray<EarlierResponse> Earlier { get; init; } = [];

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
        Earlier = [], // clients answer in order
    }).Settled();

    /// <summary>The client has refused what was last sent and keeps what it had.</summary>
    public Subscription Nacked(string message)
    {
        var next = this with { IsOutstanding = false, InFlight = [], Removing = [], Earlier = [] };
        return IsWhole
            ? next with { Parked = Told?.VersionInfo, NackMessage = message }
            : next.Refusing(InFlight, Removing, message);
    }

    /// <summary>Whether a nonce is that of a response before the last that still waits for an answer.</summary>
    public bool AwaitsEarlier(string nonce) => Earlier.Any(e => e.Nonce == nonce);

    /// <summary>The client has answered a response before the last, and with it those before that.</summary>
    /// <param name="nonce">Whose, see <see cref="AwaitsEarlier"/>.</param>
    /// <param name="error">Why it refuses it; null when it has taken it over.</param>
    public Subscription AnsweredEarlier(string nonce, string? error)
    {
        var at = Earlier.IndexOf(Earlier.First(e => e.Nonce == nonce));
        var next = this with { Earlier = Earlier[(at + 1)..] };
        if (error is null) return next;

        // What has been sent again since is decided on by the answer to that.
        var since = next.Earlier.SelectMany(e => e.Brought).Concat(InFlight).Select(r => r.Name).ToHashSet(
            StringComparer.Ordinal);
        var (brought, removed) = (Earlier[at].Brought.RemoveAll(r => since.Contains(r.Name)), Earlier[at].Removed);
        return brought.IsEmpty && removed.IsEmpty ? next : next.Refusing(brought, removed, error);
    }

    /// <summary>The subscription once a response is on its way; one that was not answered before is remembered.</summary>
    /// <param name="brought">The resources in it.</param>
    /// <param name="removed">What it takes away.</param>
    public Subscription Sent(ImmutableArray<EncodedResource> brought, ImmutableArray<string> removed) => this with
    {
        IsOutstanding = true,
        Earlier = !IsOutstanding ? []
            : [.. Earlier.Skip(Earlier.Length - MaxEarlier + 1), new EarlierResponse(Nonce, InFlight, Removing)],
        InFlight = brought,
        Removing = removed,
        Refused = Refused.IsEmpty ? Refused : Refused.RemoveRange(brought.Select(r => r.Name)),
    };

    /// <summary>What the response of a nonce brought; empty when it is not waited for.</summary>
    public ImmutableArray<EncodedResource> BroughtBy(string nonce) =>
        nonce == Nonce ? InFlight : Earlier.FirstOrDefault(e => e.Nonce == nonce)?.Brought ?? [];

    /// <summary>Once nothing is refused any more, nothing is said to be.</summary>
    public Subscription Settled() => (IsWhole ? Parked is null : Refused.IsEmpty && Suspects.IsEmpty)
        ? this with { Parked = null, NackMessage = "" }
        : this;

    /// <summary>Resources were refused together: one alone stays away, of several each part is tried.</summary>
    private Subscription Refusing(
        ImmutableArray<EncodedResource> brought, ImmutableArray<string> removed, string message)
    {
        var next = this with { Parked = Told?.VersionInfo, NackMessage = message };
        if (IsDelta && !brought.IsEmpty) next = next with { Rest = Rest.Union(removed) }; // which are rarely to blame
        var isGivenUp = Trials == MaxTrials;
        if (!IsDelta || brought.Length <= 1 || isGivenUp)
        {
            var refused = isGivenUp ? brought.Concat(Suspects.SelectMany(s => s)) : brought;
            return next with
            {
                Refused = Refused.SetItems(refused.Select(r => KeyValuePair.Create(r.Name, r.Version))),
                Suspects = isGivenUp ? [] : Suspects,
                Trials = isGivenUp || Suspects.IsEmpty ? 0 : Trials + 1,
            };
        }

        // Which one it was nobody knows, and some clients have taken over nothing of it.
        var half = brought.Length / 2;
        return next with { Suspects = Suspects.Push(brought[half..]).Push(brought[..half]), Trials = Trials + 1 };
    }
}

/// <summary>A response that was followed by another before the client answered it.</summary>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Brought">The resources in it.</param>
/// <param name="Removed">What it took away.</param>
internal sealed record EarlierResponse(
    string Nonce, ImmutableArray<EncodedResource> Brought, ImmutableArray<string> Removed);
