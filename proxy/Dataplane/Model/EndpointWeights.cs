namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>What the endpoints of a cluster count beside each other.</summary>
/// <remarks>
/// Where localities share by weight each has its part whatever its size, less where few of it are left. Source: Envoy,
/// "Locality weighted load balancing".
/// </remarks>
public static class EndpointWeights
{
    /// <summary>The weights of those that may be chosen; who counts nothing is left out.</summary>
    /// <typeparam name="T">Whatever stands for an endpoint.</typeparam>
    /// <param name="available">Those that may be chosen.</param>
    /// <param name="all">Those, and the ones beside them that may not.</param>
    /// <param name="cluster">Whose they are.</param>
    /// <param name="modelOf">What is known of one.</param>
    public static (T Endpoint, double Weight)[] Of<T>(
        IReadOnlyCollection<T> available, IReadOnlyCollection<T> all, ClusterModel cluster, Func<T, EndpointModel> modelOf)
    {
        if (!cluster.LocalityWeighted) return [.. available.Select(e => (e, (double)Math.Max(1, modelOf(e).Weight)))];
        var weighed = new List<(T, double Weight)>(available.Count);
        foreach (var locality in available.GroupBy(e => modelOf(e).Locality))
        {
            var total = all.Count(e => modelOf(e).Locality == locality.Key);
            var members = locality.ToArray();
            var availability = Math.Min(1, cluster.OverprovisioningPercent / 100.0 * members.Length / total);
            var share = modelOf(members[0]).LocalityWeight * availability / members.Sum(e => Math.Max(1, modelOf(e).Weight));
            weighed.AddRange(members.Select(e => (e, share * Math.Max(1, modelOf(e).Weight))));
        }

        return [.. weighed.Where(w => w.Weight > 0)];
    }
}
