namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>
/// Sees to it that every domain of a table belongs to one virtual host only: to the first that claims it.
/// </summary>
internal sealed class DomainClaims(int port)
{
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<string>> domains = new(StringComparer.Ordinal);

    /// <summary>Takes the names that are still free; true when there was one.</summary>
    public bool Claim(string owner, IEnumerable<string> names)
    {
        var claimed = false;
        foreach (var name in names)
        {
            if (!taken.Add(name)) continue;
            if (!domains.TryGetValue(owner, out var own)) domains[owner] = own = [];
            own.AddRange(VirtualHostDomains.WithPort(name, port));
            claimed = true;
        }

        return claimed;
    }

    /// <summary>What an owner has claimed, ports included.</summary>
    public IReadOnlyList<string> Of(string owner) => domains.GetValueOrDefault(owner, []);
}
