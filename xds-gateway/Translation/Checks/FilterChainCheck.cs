using System.Net;
using System.Net.Sockets;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>
/// Checks the conditions of chains: no two may take the same connections, not even in part of what they list.
/// </summary>
internal static class FilterChainCheck
{
    public static void Check(Listener listener, List<string> faults)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var chain in listener.FilterChains)
        {
            if (chain.Name.Length > 0 && !names.Add(chain.Name))
            {
                faults.Add($"{listener.Name}: two chains {chain.Name}.");
            }

            var match = chain.FilterChainMatch ?? new();
            CheckFields($"{listener.Name}/{chain.Name}", match, faults);
            foreach (var part in Parts(match).Where(part => !taken.Add(part)))
            {
                faults.Add($"{listener.Name}: two chains take {part}.");
            }
        }
    }

    private static void CheckFields(string where, FilterChainMatch match, List<string> faults)
    {
        if (match.DestinationPort is 0 or > 65535) faults.Add($"{where}: port {match.DestinationPort}.");
        if (match.TransportProtocol is not ("" or "tls" or "raw_buffer"))
        {
            faults.Add($"{where}: {match.TransportProtocol}?");
        }

        foreach (var name in match.ServerNames)
        {
            var fixedPart = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
            if (fixedPart.Length == 0 || fixedPart.Contains('*')) faults.Add($"{where}: server name {name}.");
        }

        foreach (var range in match.PrefixRanges.Concat(match.SourcePrefixRanges))
        {
            var isAddress = IPAddress.TryParse(range.AddressPrefix, out var address);
            var bits = address?.AddressFamily is AddressFamily.InterNetworkV6 ? 128 : 32;
            if (!isAddress || range.PrefixLen > bits) faults.Add($"{where}: network {range}.");
        }
    }

    private static IEnumerable<string> Parts(FilterChainMatch match) =>
        from network in Each(match.PrefixRanges.Select(Write))
        from name in Each(match.ServerNames.Select(n => n.ToLowerInvariant()))
        from alpn in Each(match.ApplicationProtocols)
        from source in Each(match.SourcePrefixRanges.Select(Write))
        from port in Each(match.SourcePorts.Select(p => $"{p}"))
        select $"{match.DestinationPort} {network} {name} {match.TransportProtocol} {alpn} "
            + $"{match.SourceType} {source} {port}";

    private static string Write(CidrRange range) =>
        Addresses.Canonical($"{range.AddressPrefix}/{range.PrefixLen ?? 0}");

    private static List<string> Each(IEnumerable<string> texts) =>
        texts.ToList() is { Count: > 0 } some ? some : ["any"];
}
