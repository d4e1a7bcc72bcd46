using System.Net;

namespace MeshOrleans.Model.Evaluation;

/// <summary>Virtual hosts by the address that a request names: its own before the longest network that has it.</summary>
/// <remarks>
/// A domain that is a network (<c>10.1.0.0/16</c>) is this mesh's own addition to Envoy's: nobody can list its addresses,
/// and to an Envoy it is a name that no request has. Finding takes a look for each length there is.
/// </remarks>
internal sealed class AddressDomains
{
    private readonly Dictionary<(UInt128 Prefix, int Length), VirtualHostModel> _hosts = [];
    private int[] _lengths = [];

    /// <summary>Takes a domain that is a network or an address; others are left.</summary>
    /// <returns>
    /// False when another has it already. What is written in two ways belongs to the first by name.
    /// </returns>
    public bool TryAdd(string domain, VirtualHostModel host)
    {
        if (!TryRead(domain, out var key)) return true;
        if (_hosts.TryGetValue(key, out var other))
        {
            if (other.Domains.Contains(domain, StringComparer.OrdinalIgnoreCase)) return false;
            if (string.CompareOrdinal(other.Name, host.Name) <= 0) return true;
        }

        _hosts[key] = host;
        if (!_lengths.Contains(key.Length)) _lengths = [.. _lengths.Append(key.Length).OrderDescending()];
        return true;
    }

    /// <summary>Finds whose an address is; null for a name, and for an address that is nobody's.</summary>
    public VirtualHostModel? Find(ReadOnlySpan<char> name)
    {
        if (_lengths.Length == 0 || !AddressNumber.TryRead(name, out var number)) return null;
        foreach (var length in _lengths)
        {
            if (_hosts.TryGetValue((AddressNumber.Prefix(number, length), length), out var host)) return host;
        }

        return null;
    }

    private static bool TryRead(string domain, out (UInt128 Prefix, int Length) key)
    {
        if (domain.Contains('/'))
        {
            var isNetwork = IPNetwork.TryParse(domain, out var network);
            key = isNetwork ? AddressNumber.Of(network) : default;
            return isNetwork;
        }

        key = (0, AddressNumber.Bits);
        return AddressNumber.TryRead(domain, out key.Prefix);
    }
}
