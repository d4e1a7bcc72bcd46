using System.Collections.Immutable;
using System.Net;
using System.Numerics;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Makes the number by which a hashing load balancer chooses an endpoint.</summary>
/// <remarks>
/// Source: Envoy, <c>RouteAction.hash_policy</c>: what is absent contributes nothing, several are combined in order,
/// and a terminal one ends the list as soon as there is a hash. The hash is XXH64 of the value, as Envoy's is.
/// </remarks>
public static class RequestHash
{
    /// <summary>Hashes what the policies name.</summary>
    /// <param name="policies">What to hash, in order.</param>
    /// <param name="view">The request.</param>
    /// <param name="ownAddress">Stands for callers on the loopback: the workload that this proxy serves.</param>
    /// <param name="random">Draws the values of new cookies.</param>
    /// <param name="newCookies">The <c>set-cookie</c> headers that the response needs; null for none.</param>
    /// <returns>Null when the request has nothing of what is named.</returns>
    public static ulong? Of<TView>(
        ImmutableArray<HashPolicyModel> policies,
        in TView view,
        IPAddress? ownAddress,
        IRandomSource random,
        out List<string>? newCookies)
        where TView : struct, IRequestView, allows ref struct
    {
        newCookies = null;
        ulong? hash = null;
        foreach (var policy in policies)
        {
            var found = policy.Source switch
            {
                HashSource.Header => OfHeader(view.Header(policy.Name)),
                HashSource.Cookie =>
                    OfCookie(view.Header("cookie"), policy.Name) ?? OfNew(policy, random, ref newCookies),
                HashSource.SourceAddress => OfAddress(view.SourceAddress, ownAddress),
                _ => OfParameter(view.Query, policy.Name),
            };
            if (found is { } more) hash = hash is { } before ? BitOperations.RotateLeft(before, 1) ^ more : more;
            if (policy.Terminal && hash is not null) break;
        }

        return hash;
    }

    // In whatever order the values of one header come, they are the same key.
    private static ulong? OfHeader(HeaderValues values)
    {
        if (values.Count == 0) return null;
        if (values.Count == 1) return XxHash64.Hash(values[0]);
        var sorted = new string[values.Count];
        for (var i = 0; i < sorted.Length; i++) sorted[i] = values[i];
        Array.Sort(sorted, StringComparer.Ordinal);
        var hash = 0UL;
        foreach (var value in sorted) hash = XxHash64.Hash(value, hash);
        return hash;
    }

    private static ulong? OfCookie(HeaderValues headers, string name)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            var rest = headers[i].AsSpan();
            while (!rest.IsEmpty)
            {
                var end = rest.IndexOf(';');
                var pair = (end < 0 ? rest : rest[..end]).Trim();
                rest = end < 0 ? default : rest[(end + 1)..];
                var equals = pair.IndexOf('=');
                if (equals < 0 || !pair[..equals].SequenceEqual(name)) continue;
                var value = pair[(equals + 1)..];
                var isQuoted = value.Length >= 2 && value[0] == '"' && value[^1] == '"';
                value = isQuoted ? value[1..^1] : value;
                return value.IsEmpty ? null : XxHash64.Hash(value);
            }
        }

        return null;
    }

    private static ulong? OfNew(HashPolicyModel policy, IRandomSource random, ref List<string>? newCookies)
    {
        if (policy.CookieLifetime is null) return null;
        var value = $"{Draw(random):x8}{Draw(random):x8}";
        (newCookies ??= []).Add(policy.SetCookie(value));
        return XxHash64.Hash(value);
    }

    private static uint Draw(IRandomSource random) => (uint)(random.NextDouble() * uint.MaxValue);

    private static ulong? OfAddress(IPAddress? source, IPAddress? own)
    {
        if (source is null) return null;
        if (own is not null && IPAddress.IsLoopback(source)) source = own;
        else if (source.IsIPv4MappedToIPv6) source = source.MapToIPv4();
        Span<char> text = stackalloc char[65];
        return source.TryFormat(text, out var length) ? XxHash64.Hash(text[..length]) : null;
    }

    private static ulong? OfParameter(ReadOnlySpan<char> query, string name)
    {
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            if (pair.IsEmpty || !(equals < 0 ? pair : pair[..equals]).SequenceEqual(name)) continue;
            return XxHash64.Hash(equals < 0 ? default : pair[(equals + 1)..]);
        }

        return null;
    }
}
