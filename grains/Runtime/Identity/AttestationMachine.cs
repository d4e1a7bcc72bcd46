using System.Collections.Immutable;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// Which nodes of an identity have had a certificate without having one, so that the next time is known to be one.
/// </summary>
internal static class AttestationMachine
{
    /// <summary>
    /// The most nodes that are remembered of an identity. Beyond, the longest known is forgotten: a node is what a
    /// proof says, so whoever can fill this has as many nodes that may have a certificate anyway.
    /// </summary>
    public const int MaxNodes = 1_000;

    /// <summary>How long whoever has not got the answer may repeat a request: as with a join token.</summary>
    public static readonly TimeSpan Repetition = TimeSpan.FromMinutes(5);

    /// <summary>How long a node is remembered: longer than any certificate is good.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(365);

    /// <summary>Whether a node may have a certificate.</summary>
    /// <param name="known">What is remembered of the node; null for nothing.</param>
    /// <param name="proof">What is known of it.</param>
    /// <param name="csrHash">SHA-256 of its CSR, upper-case hex; empty when there is none yet.</param>
    /// <param name="now">The time.</param>
    public static bool Admits(
        AttestedNode? known, NodeProof proof, string csrHash, DateTimeOffset now) =>
        proof.MayRepeat
        || known is null
        || now - known.At >= Remembered
        || (csrHash.Length > 0 && csrHash == known.CsrHash && now - known.At < Repetition);

    /// <summary>What is remembered of a node, in whichever part; null for nothing.</summary>
    public static AttestedNode? Find(IEnumerable<IdentityState> all, string attested) =>
        all.Select(part => part.Attested.GetValueOrDefault(attested)).OfType<AttestedNode>().MaxBy(node => node.At);

    /// <summary>
    /// Up to when what was remembered is more than <see cref="MaxNodes"/> of all parts together; nothing when there are fewer.
    /// </summary>
    public static DateTimeOffset CrowdedUntil(IEnumerable<IdentityState> all)
    {
        var times = all.SelectMany(part => part.Attested.Values).Select(node => node.At).ToList();
        return times.Count < MaxNodes ? default : times.OrderDescending().ElementAt(MaxNodes - 1);
    }

    /// <summary>
    /// Remembers a node for which a certificate has been signed; those whose time is over are forgotten.
    /// </summary>
    public static ImmutableDictionary<string, AttestedNode> Record(
        ImmutableDictionary<string, AttestedNode> known, NodeProof proof, string csrHash, DateTimeOffset now,
        DateTimeOffset crowdedUntil = default)
    {
        if (proof.Attested.Length == 0) return known;
        var next = known.RemoveRange(known
            .Where(pair => now - pair.Value.At >= Remembered || pair.Value.At <= crowdedUntil)
            .Select(pair => pair.Key));
        if (next.Count >= MaxNodes && !next.ContainsKey(proof.Attested))
        {
            next = next.Remove(next.MinBy(pair => pair.Value.At).Key);
        }

        return next.SetItem(proof.Attested, new AttestedNode(now, csrHash));
    }
}
