using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Xds.Translation.Origins;

namespace MeshOrleans.Silo.Explanations;

/// <summary>
/// Names the conditions on connections that were considered. Which chain takes one, the model alone says.
/// </summary>
internal static class ConnectionRules
{
    /// <summary>Every condition, with why it is not the one.</summary>
    /// <param name="rules">The conditions, in the order in which what they ask for is claimed.</param>
    /// <param name="names">The server names of the chain that takes the connection; none for any.</param>
    /// <param name="networks">Its addresses; none for any.</param>
    /// <param name="sources">Its callers; none for any.</param>
    /// <param name="serverName">The name in the handshake; empty without.</param>
    /// <param name="destination">The address that is called; null when only a name is.</param>
    /// <param name="source">Who calls; null when unknown.</param>
    public static ImmutableArray<RouteView> Views(
        ImmutableArray<ConnectionOrigin> rules,
        ImmutableArray<string> names,
        ImmutableArray<IPNetwork> networks,
        ImmutableArray<IPNetwork> sources,
        string serverName,
        IPAddress? destination,
        IPAddress? source)
    {
        var views = ImmutableArray.CreateBuilder<RouteView>();
        var isTaken = false;
        foreach (var rule in rules)
        {
            var place = rule.Owner is { } owner ? $"{owner.Namespace}/{owner.Name} {rule.Place}" : "";
            var name = rule.Owner is not null ? "" : rule.Host.Length > 0 ? $"{rule.Host} itself" : "the service itself";
            if (rule.Exclusion.Length > 0)
            {
                views.Add(new RouteView(place, name, RouteVerdict.NotForClient, rule.Exclusion));
                continue;
            }

            var isOfChain = Covers(rule.ServerNames, names)
                && Covers(rule.Networks, networks)
                && Covers(rule.Sources, sources);
            var unmet = Unmet(rule, serverName, destination, source);
            views.Add(isOfChain && !isTaken && unmet.Length == 0
                ? new RouteView(place, name, RouteVerdict.Matched, "")
                : unmet.Length > 0
                    ? new RouteView(place, name, RouteVerdict.Differs, unmet)
                    : new RouteView(place, name, RouteVerdict.NotReached, "another takes it before, or more exactly"));
            isTaken |= isOfChain && unmet.Length == 0;
        }

        return views.ToImmutable();
    }

    private static string Unmet(ConnectionOrigin rule, string serverName, IPAddress? destination, IPAddress? source)
    {
        if (!rule.Networks.IsEmpty && !Has(rule.Networks, destination))
        {
            return $"destination: wanted {string.Join(", ", rule.Networks)}, got {(object?)destination ?? "none"}";
        }

        if (!rule.ServerNames.IsEmpty && !rule.ServerNames.Any(name => Takes(name, serverName)))
        {
            var got = serverName.Length > 0 ? serverName : "none";
            return $"server name: wanted {string.Join(", ", rule.ServerNames)}, got {got}";
        }

        return rule.Sources.IsEmpty || Has(rule.Sources, source)
            ? ""
            : $"source: wanted {string.Join(", ", rule.Sources)}, got {(object?)source ?? "unknown"}";
    }

    private static bool Takes(string pattern, string serverName) =>
        MeshOrleans.Model.Topology.HostName.Matches(pattern, serverName);

    private static bool Has(ImmutableArray<string> networks, IPAddress? address) =>
        address is not null && networks.Any(network => Parse(network) is { } parsed && parsed.Contains(address));

    private static bool Covers(ImmutableArray<string> asked, ImmutableArray<string> taken) =>
        asked.IsEmpty ? taken.IsEmpty : !taken.IsEmpty && taken.All(asked.Contains);

    private static bool Covers(ImmutableArray<string> asked, ImmutableArray<IPNetwork> taken) =>
        asked.IsEmpty ? taken.IsEmpty : !taken.IsEmpty && taken.All(t => asked.Any(a => Parse(a) == t));

    // "10.1.2.3/8" as well as "10.0.0.0/8" and "10.1.2.3"
    private static IPNetwork? Parse(string text)
    {
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address)) return null;
        var bytes = address.GetAddressBytes();
        var length = slash < 0 ? bytes.Length * 8 : int.TryParse(text[(slash + 1)..], out var parsed) ? parsed : -1;
        if (length < 0 || length > bytes.Length * 8) return null;
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }
}
