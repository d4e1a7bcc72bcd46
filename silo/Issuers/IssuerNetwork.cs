using System.Net;
using System.Net.NetworkInformation;

namespace MeshOrleans.Silo.Issuers;

/// <summary>What the fetching of keys knows of the network.</summary>
/// <param name="Resolve">Looks a name up.</param>
/// <param name="IsOwn">
/// Whether an address, IPv4 as such, is one of this machine: behind it is what the machine serves to itself, however public
/// it looks.
/// </param>
internal sealed record IssuerNetwork(
    Func<string, CancellationToken, Task<IPAddress[]>> Resolve, Func<IPAddress, bool> IsOwn)
{
    private const int MaxLookups = 16; // twice as many as attempts at a time, as some may be left over from earlier ones

    /// <summary>That of this machine.</summary>
    public static IssuerNetwork OfMachine() =>
        new(new BoundedLookup(host => Dns.GetHostAddressesAsync(host), MaxLookups).ResolveAsync, IsOfMachine);

    // asked for each connection: addresses come and go
    private static bool IsOfMachine(IPAddress address) =>
        NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Any(own => own.Address.GetAddressBytes().AsSpan().SequenceEqual(address.GetAddressBytes()));
}
