using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class RequestClassifierTests
{
    private static readonly ResourceGroup Group = ResourceGroup.Of(TypeUrls.Cluster, []);

    [Fact]
    public void A_NACK_never_makes_a_response_due() => Prop.ForAll(ArbMap.Default.ArbFor<Case>(), c =>
    {
        var current = c.Current();
        foreach (var protocol in (StreamProtocol[])[StreamProtocol.StateOfTheWorld, StreamProtocol.Delta])
        {
            // A change of names is a request of its own.
            string[] same = current is { IsWildcard: true, WasNamed: true } ? ["*", .. current.Names] : [.. current?.Names ?? []];
            var request = c.Request() with { Error = "no", Unsubscribe = [], Names = protocol is StreamProtocol.Delta ? [] : [.. same] };
            var (kind, next) = RequestClassifier.Classify(current, request, protocol);
            if (kind is not (RequestKind.Nack or RequestKind.Stale) || next?.IsAsked == true) return false;
            if (next is not null && ResponsePlanner.IsReady(next, Group)) return false;
        }

        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_ACK_with_the_same_names_makes_nothing_due() => Prop.ForAll(ArbMap.Default.ArbFor<Case>(), c =>
    {
        if (c.Current() is not { } current || (!current.IsWildcard && current.Names.IsEmpty)) return true;
        string[] names = [.. current.Names, .. current is { IsWildcard: true, WasNamed: true } ? ["*"] : Array.Empty<string>()];
        var request = c.Request() with { Nonce = current.Nonce, Error = null, Names = [.. names] };
        var (kind, next) = RequestClassifier.Classify(current, request, StreamProtocol.StateOfTheWorld);
        return kind == RequestKind.Ack && next is { IsAsked: false, IsOutstanding: false };
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Delta_subscriptions_do_not_depend_on_the_nonce() => Prop.ForAll(ArbMap.Default.ArbFor<Case>(), c =>
    {
        var request = c.Request();
        var (_, one) = RequestClassifier.Classify(c.Current(), request with { Nonce = "stale" }, StreamProtocol.Delta);
        var (_, two) = RequestClassifier.Classify(c.Current(), request with { Nonce = "" }, StreamProtocol.Delta);
        return one?.IsWildcard == two?.IsWildcard && (one is null || one.Names.SetEquals(two!.Names));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_NACK_that_names_more_asks_for_what_it_adds()
    {
        var (_, current) = Classify(null, "a", "");
        current = current! with { Nonce = "1", IsOutstanding = true, IsDue = false, Requested = [], Told = Group };

        var (kind, next) = Classify(current, "a,b", "1", error: "no");

        Assert.Equal((RequestKind.Nack, "no", false), (kind, next!.NackMessage, next.IsDue));
        Assert.Equal("b", Assert.Single(next.Requested));
        Assert.Equal(["a", "b"], next.Names.Order());
    }

    [Fact]
    public void A_NACK_that_names_nothing_ends_no_subscription()
    {
        var (_, current) = Classify(null, "a", "");

        var (kind, next) = Classify(current! with { Nonce = "1", IsDue = false, Requested = [] }, "", "1", error: "no");

        Assert.Equal((RequestKind.Nack, "a", false), (kind, Assert.Single(next!.Names), next.IsAsked));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("*", true)]
    [InlineData("a", false)]
    [InlineData("*,a", true)]
    public void Clusters_are_wanted_as_a_whole_when_no_name_or_the_star_is_given(string names, bool isWildcard)
    {
        var (kind, next) = Classify(null, names, "");

        Assert.Equal((RequestKind.Subscribe, isWildcard), (kind, next!.IsWildcard));
    }

    [Fact]
    public void No_names_after_a_name_mean_nothing_and_not_everything()
    {
        var (_, named) = Classify(null, "a", "");

        var (kind, next) = Classify(named! with { Nonce = "1", IsOutstanding = true }, "", "1");

        Assert.Equal((RequestKind.Unsubscribe, null), (kind, next));
    }

    [Fact]
    public void A_name_after_no_names_ends_the_wildcard()
    {
        var (_, all) = Classify(null, "", "");

        var (kind, next) = Classify(all! with { Nonce = "1", IsDue = false }, "a", "1");

        Assert.Equal((RequestKind.Change, false, true), (kind, next!.IsWildcard, next.IsAsked));
    }

    [Fact]
    public void Endpoints_have_no_wildcard()
    {
        var request = new StreamRequest { TypeUrl = TypeUrls.ClusterLoadAssignment };

        Assert.Null(RequestClassifier.Classify(null, request, StreamProtocol.StateOfTheWorld).Next);
        Assert.False(RequestClassifier.Classify(null, request, StreamProtocol.Delta).Next!.IsWildcard);
    }

    private static (RequestKind Kind, Subscription? Next) Classify(
        Subscription? current, string names, string nonce, string? error = null) =>
        RequestClassifier.Classify(
            current,
            new StreamRequest { TypeUrl = TypeUrls.Cluster, Nonce = nonce, Error = error, Names = [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries)] },
            StreamProtocol.StateOfTheWorld);

    /// <summary>Any subscription that has been told what there is, and any request.</summary>
    public sealed record Case(bool IsKnown, bool IsWildcard, bool WasNamed, bool[] Held, bool[] Asked, bool Answers, bool Drops)
    {
        internal Subscription? Current() => !IsKnown ? null : new Subscription(TypeUrls.Cluster)
        {
            IsWildcard = IsWildcard,
            WasNamed = WasNamed || Held.Length > 0,
            Names = [.. Names(Held)],
            Told = Group,
            Nonce = "7",
            IsOutstanding = true,
        };

        internal StreamRequest Request() => new()
        {
            TypeUrl = TypeUrls.Cluster,
            Nonce = Answers ? "7" : "6",
            Names = [.. Names(Asked)],
            Unsubscribe = Drops ? [.. Names(Held).Take(1)] : [],
        };

        private static IEnumerable<string> Names(bool[] chosen) => chosen.Take(5).Index().Where(c => c.Item).Select(c => $"n{c.Index}").Distinct();
    }
}
