using System.Collections.Immutable;
using MeshOrleans.Xds.Gateway.Push;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>Decides what a subscription is to be told next. Pure.</summary>
internal static class ResponsePlanner
{
    /// <summary>
    /// Whether anything would come of planning now; a push waits for the acknowledgement of the one before.
    /// </summary>
    public static bool IsReady(Subscription subscription, ResourceGroup group) =>
        subscription.IsAsked || (!subscription.IsOutstanding && IsBehind(subscription, group));

    /// <summary>Whether the client lacks something it may be sent unasked.</summary>
    public static bool IsBehind(Subscription subscription, ResourceGroup group) =>
        !IsParked(subscription, group)
        && (subscription.Told?.VersionInfo != group.VersionInfo || subscription.HasMore);

    /// <summary>
    /// The response, null when the change does not concern the client, and the subscription once it is sent.
    /// </summary>
    /// <param name="subscription">What the client wants and has been told.</param>
    /// <param name="group">What there is.</param>
    /// <param name="maxSize">How much to put into one response, where it can be divided.</param>
    /// <param name="takesPatches">Of what it holds, the client takes what has changed alone.</param>
    public static (Response? Response, Subscription Next) Plan(
        Subscription subscription, ResourceGroup group, int maxSize, bool takesPatches)
    {
        if (IsTrial(subscription, group)) return Trial(subscription, group);
        var names = Select(subscription, group);
        if (subscription.IsWhole) return WholeState(subscription, group, names);
        var resources = ImmutableArray.CreateBuilder<EncodedResource>(names.Count);
        var removed = ImmutableArray.CreateBuilder<string>();
        var later = (subscription.IsOutstanding ? subscription.Rest : subscription.Rest.Clear()).ToBuilder();
        var size = 0;
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            later.Remove(name);
            if (Find(group, name) is not { } resource)
            {
                if (subscription.IsDelta && !IsPromised(group.TypeUrl, name)) removed.Add(name);
            }
            else if (!subscription.Held.TryGetValue(name, out var held) || held != resource.Version)
            {
                size += resource.AnyBytes.Length;
                if (size > maxSize && resources.Count > 0) later.Add(name);
                else resources.Add(resource);
            }
        }

        var next = Told(subscription, group) with { Rest = later.ToImmutable() };
        var response = new Response(
            group, SharedOr(group, resources), removed.ToImmutable(), takesPatches ? HeldForSure(subscription) : null);
        return IsWorthSending(subscription, group, response)
            ? (response, next.Sent(response.Resources, response.Removed))
            : (null, next.Settled());
    }

    private static bool IsParked(Subscription subscription, ResourceGroup group) =>
        subscription.IsWhole && group.VersionInfo == subscription.Parked;

    /// <summary>
    /// What the client has taken over of all that it wants, where it can be patched; null where that is not known: while
    /// something is asked for, or not answered, or was refused, or is still to come.
    /// </summary>
    private static ResourceGroup? HeldForSure(Subscription subscription) =>
        subscription is { IsDelta: true, IsAsked: false, IsOutstanding: false, Parked: null }
        && subscription.TypeUrl != TypeUrls.Secret
        && subscription is { Refused.IsEmpty: true, Suspects.IsEmpty: true, Rest.IsEmpty: true, Forced.IsEmpty: true }
            ? subscription.Told
            : null;

    /// <summary>Nothing is new, and the turn is that of what was refused together.</summary>
    private static bool IsTrial(Subscription subscription, ResourceGroup group) =>
        !subscription.Suspects.IsEmpty
        && subscription is { IsAsked: false, Rest.IsEmpty: true, Forced.IsEmpty: true }
        && subscription.Told?.VersionInfo == group.VersionInfo;

    private static (Response?, Subscription) Trial(Subscription subscription, ResourceGroup group)
    {
        var next = subscription with { Suspects = subscription.Suspects.Pop(out var refused) };
        var resources = refused.RemoveAll(r => !subscription.Wants(r.Name) || Find(group, r.Name) != r);
        if (resources.IsEmpty) return (null, next.Settled());
        var response = new Response(group, resources, []);
        return (response, next.Sent(response.Resources, response.Removed));
    }

    /// <summary>
    /// The names that are due: changed or gone since the client was last told, and those it waits for.
    /// </summary>
    private static HashSet<string> Select(Subscription subscription, ResourceGroup group)
    {
        var names = new HashSet<string>(subscription.Requested, StringComparer.Ordinal);
        if (IsParked(subscription, group)) return names;
        names.UnionWith(subscription.Forced);
        if (!subscription.IsOutstanding) names.UnionWith(subscription.Rest.Where(subscription.Wants));
        if (subscription.Told is { } told)
        {
            var difference = GroupDifference.Between(told, group);
            names.UnionWith(difference.Changed.Where(subscription.Wants));
            names.UnionWith(difference.Removed.Where(subscription.Wants));
        }
        else
        {
            names.UnionWith(subscription.IsWildcard ? group.Resources.Select(r => r.Name) : subscription.Names);
            names.UnionWith(subscription.Held.Keys.Where(subscription.Wants));
        }

        if (!subscription.Refused.IsEmpty)
        {
            names.RemoveWhere(n => !subscription.Requested.Contains(n) && IsRefused(subscription, group, n));
        }

        return names;
    }

    private static bool IsRefused(Subscription subscription, ResourceGroup group, string name) =>
        subscription.Refused.TryGetValue(name, out var version) && Find(group, name)?.Version == version;

    private static (Response?, Subscription) WholeState(
        Subscription subscription, ResourceGroup group, HashSet<string> names)
    {
        var next = Told(subscription, group);
        if (names.Count == 0 && !subscription.IsDue) return (null, next);
        ImmutableArray<EncodedResource> resources = subscription.IsWildcard
            ? group.Resources
            : [.. group.Resources.Where(r => subscription.Names.Contains(r.Name))];
        var response = new Response(group, resources, []);
        return (response, next.Sent(response.Resources, response.Removed));
    }

    /// <summary>The group's own array where it is just that: its bytes are shared.</summary>
    private static ImmutableArray<EncodedResource> SharedOr(
        ResourceGroup group, ImmutableArray<EncodedResource>.Builder resources)
    {
        var isWhole = resources.Count == group.Resources.Length;
        for (var i = 0; isWhole && i < resources.Count; i++)
        {
            isWhole = ReferenceEquals(resources[i], group.Resources[i]);
        }

        return isWhole ? group.Resources : resources.ToImmutable();
    }

    /// <summary>The subscription once the client is at this group; what is refused stays so until it changes.</summary>
    private static Subscription Told(Subscription subscription, ResourceGroup group) => subscription with
    {
        Told = group,
        IsDue = false,
        Requested = subscription.Requested.Clear(),
        Forced = IsParked(subscription, group) ? subscription.Forced : subscription.Forced.Clear(),
        Refused = StillRefused(subscription, group),
        Held = subscription.Held.Clear(),
    };

    private static ImmutableDictionary<string, string> StillRefused(Subscription subscription, ResourceGroup group) =>
        subscription.Refused.IsEmpty
            ? subscription.Refused
            : subscription.Refused.RemoveRange(
                subscription.Refused.Keys.Where(n => !subscription.Wants(n) || !IsRefused(subscription, group, n)));

    private static bool IsWorthSending(Subscription subscription, ResourceGroup group, Response response) =>
        !response.Resources.IsEmpty
        || !response.Removed.IsEmpty
        || (subscription.TypeUrl == TypeUrls.Secret ? subscription.IsDue && HoldsCurrent(subscription, group)
            : subscription.IsDelta ? subscription.IsDue
            : subscription.IsAsked);

    /// <summary>
    /// The client holds a secret just as it is here: the empty answer tells it so. A gateway that does not know the
    /// mesh's roots has no such word to give.
    /// </summary>
    private static bool HoldsCurrent(Subscription subscription, ResourceGroup group) =>
        subscription.Held.Any(held => group.Find(held.Key)?.Version == held.Value);

    /// <summary>
    /// A route configuration that does not exist is sent empty, so that the listener that waits for it can start.
    /// </summary>
    private static EncodedResource? Find(ResourceGroup group, string name) =>
        group.Find(name)
        ?? (group.TypeUrl == TypeUrls.RouteConfiguration
            ? EncodedResource.Of(name, new RouteConfiguration { Name = name })
            : null);

    /// <summary>A secret that is not there yet but will be must not be called gone.</summary>
    private static bool IsPromised(string typeUrl, string name) =>
        typeUrl == TypeUrls.Secret && name is SecretTranslator.CertificateName or SecretTranslator.RootCaName;
}
