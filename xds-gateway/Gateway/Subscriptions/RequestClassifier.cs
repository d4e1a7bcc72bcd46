using System.Collections.Immutable;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>
/// Decides what a request means and what the subscription is then. It sends nothing, and a NACK makes nothing due.
/// </summary>
/// <remarks>Source: Envoy, "xDS REST and gRPC protocol"; the rules of behaviour.md 3.2.</remarks>
internal static class RequestClassifier
{
    private const string Everything = "*";

    /// <summary>Listeners and clusters can be asked for as a whole; of the table of names there is only one.</summary>
    public static bool HasWildcard(string typeUrl) =>
        typeUrl is TypeUrls.Cluster or TypeUrls.Listener or TypeUrls.NameTable;

    public static (RequestKind Kind, Subscription? Next) Classify(
        Subscription? current, StreamRequest request, StreamProtocol protocol) =>
        protocol is StreamProtocol.Delta ? OfDelta(current, request) : OfStateOfTheWorld(current, request);

    private static (RequestKind, Subscription?) OfStateOfTheWorld(Subscription? current, StreamRequest request)
    {
        // A nonce of another life: after a reconnect some clients still send the last one. It is a first request.
        if (request.Error is null && (current is null || request.Nonce.Length == 0)) return Begin(current, request);
        if (current is null || request.Nonce != current.Nonce) return (RequestKind.Stale, current);

        // Who refuses and names nothing says nothing about names; who names others wants those too.
        var next = request.Error is { } error ? current.Nacked(error) : current.Acknowledged();
        if (request is { Error: not null, Names.IsEmpty: true }) return (RequestKind.Nack, next);
        var (isWildcard, names) = Read(request, current.IsWildcard && !current.WasNamed);
        if (!isWildcard && names.IsEmpty && (current.IsWildcard || !current.Names.IsEmpty))
        {
            return (RequestKind.Unsubscribe, null);
        }

        var added = names.Except(current.Names);
        next = next with
        {
            IsWildcard = isWildcard,
            WasNamed = current.WasNamed || !request.Names.IsEmpty,
            Names = names,
            Requested = current.Requested.Union(added),
            IsDue = current.IsDue || isWildcard != current.IsWildcard,
        };
        var kind = request.Error is not null ? RequestKind.Nack : next.IsAsked ? RequestKind.Change : RequestKind.Ack;
        return (kind, next);
    }

    private static (RequestKind, Subscription?) Begin(Subscription? current, StreamRequest request)
    {
        var (isWildcard, names) = Read(request, current is not { WasNamed: true });
        if (!isWildcard && names.IsEmpty) return (RequestKind.Unsubscribe, null);
        return (RequestKind.Subscribe, new Subscription(request.TypeUrl)
        {
            IsWildcard = isWildcard,
            WasNamed = !request.Names.IsEmpty,
            Names = names,
            Requested = names,
            IsDue = true,
            Nonce = current?.Nonce ?? "",
        });
    }

    private static (RequestKind, Subscription?) OfDelta(Subscription? current, StreamRequest request)
    {
        if (current is null) return request.Error is null ? BeginDelta(request) : (RequestKind.Stale, null);
        var (kind, next) = AnswerOf(current, request);

        // Whatever the nonce says, the subscription itself changes: a change that is dropped is never sent again.
        if (request.Names.IsEmpty && request.Unsubscribe.IsEmpty) return (kind, next);
        var everything = HasWildcard(request.TypeUrl) && request.Names.Contains(Everything);
        var isWildcard = (next.IsWildcard || everything) && !request.Unsubscribe.Contains(Everything);
        var added = request.Names.Where(name => name != Everything).ToImmutableHashSet(StringComparer.Ordinal);
        next = next with
        {
            IsWildcard = isWildcard,
            WasNamed = true,
            Names = next.Names.Union(added).Except(request.Unsubscribe),

            // A name that "*" still covers has to be sent when it is unsubscribed: the client has just dropped it.
            Requested = next.Requested.Except(request.Unsubscribe).Union(added).Union(
                isWildcard ? request.Unsubscribe : []),
            Forced = next.Forced.Except(request.Unsubscribe),
            IsDue = next.IsDue || (everything && !current.IsWildcard),
        };
        if (everything && !current.IsWildcard)
        {
            next = next with { Told = null, Suspects = [], Refused = next.Refused.Clear() };
        }

        return (kind is RequestKind.Nack or RequestKind.Stale ? kind : RequestKind.Change, next);
    }

    private static (RequestKind, Subscription) AnswerOf(Subscription current, StreamRequest request)
    {
        if (request.Nonce.Length == 0) return (request.Error is null ? RequestKind.Ack : RequestKind.Nack, current);
        var isEarlier = current.AwaitsEarlier(request.Nonce);
        if (!isEarlier && request.Nonce != current.Nonce) return (RequestKind.Stale, current);
        var next = isEarlier ? current.AnsweredEarlier(request.Nonce, request.Error)
            : request.Error is { } error ? current.Nacked(error)
            : current.Acknowledged();
        return (request.Error is null ? RequestKind.Ack : RequestKind.Nack, next);
    }

    private static (RequestKind, Subscription?) BeginDelta(StreamRequest request)
    {
        var isWildcard = HasWildcard(request.TypeUrl) && (request.Names.IsEmpty || request.Names.Contains(Everything))
            && !request.Unsubscribe.Contains(Everything);
        var names = request.Names.Except([Everything]).Except(request.Unsubscribe).ToImmutableHashSet(
            StringComparer.Ordinal);
        return (RequestKind.Subscribe, new Subscription(request.TypeUrl)
        {
            IsDelta = true,
            IsWildcard = isWildcard,
            WasNamed = !request.Names.IsEmpty,
            Names = names,
            Requested = names,

            // Who holds secrets already waits for a word on them, though there may be nothing to send.
            IsDue = isWildcard || (request.TypeUrl == TypeUrls.Secret && !request.Held.IsEmpty),
            Held = request.Held,
        });
    }

    private static (bool IsWildcard, ImmutableHashSet<string> Names) Read(
        StreamRequest request, bool emptyMeansEverything)
    {
        var isWildcard = HasWildcard(request.TypeUrl)
            && (request.Names.Contains(Everything) || (request.Names.IsEmpty && emptyMeansEverything));
        return (isWildcard, request.Names.Where(name => name != Everything).ToImmutableHashSet(StringComparer.Ordinal));
    }
}
