using System.Net;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Multicluster.Workloads.Members;

/// <summary>What one who joins by a proof of his own says of himself, over REST or over a stream.</summary>
/// <param name="Namespace">The namespace, which is proved.</param>
/// <param name="Name">What it wants to be called there.</param>
/// <param name="Registration">The rest; its service account is proved.</param>
/// <param name="From">The address that it calls from; null when that is not known.</param>
public sealed record MemberClaim(string Namespace, string Name, WorkloadRegistration Registration, IPAddress? From)
{
    /// <summary>The node that it says to be.</summary>
    public string Node => $"{Namespace}/{Name}";

    /// <summary>Whether it calls from where it says to be: that is as good as proved.</summary>
    public bool IsThere => From is { } from && Plain(from).Equals(Address);

    /// <summary>Where it says to be, an IPv4 address in its own form; null when that is no address.</summary>
    public IPAddress? Address => IPAddress.TryParse(Registration.Address, out var address) ? Plain(address) : null;

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
