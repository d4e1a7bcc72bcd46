using System.Net;
using System.Net.Sockets;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Grains.Workloads;

/// <summary>What a registration must be: the first thing that is wrong with it, or nothing.</summary>
public static class RegistrationRules
{
    private const int MaxPorts = 64;
    private const int MaxLabels = 64;
    private const int MaxWeight = 10_000;
    private const int MaxText = 253;

    private static readonly TimeSpan _minLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _maxLease = TimeSpan.FromHours(1);

    /// <summary>What is wrong with a registration; null when nothing is. Whoever asks need not be the member's grain: it asks again.</summary>
    /// <param name="name">The member.</param>
    /// <param name="registration">What it says of itself.</param>
    public static RegisterResult.Invalid? Check(WorkloadName name, WorkloadRegistration registration) =>
        CheckName(name)
        ?? CheckAddress("address", registration.Address)
        ?? CheckPorts(registration)
        ?? CheckLabels(registration)
        ?? CheckIdentity(name, registration)
        ?? CheckTexts(registration)
        ?? CheckFigures(registration);

    /// <summary>
    /// What is wrong with an address that peers are to dial; null when it is a literal unicast address.
    /// </summary>
    public static RegisterResult.Invalid? CheckAddress(string path, string? text)
    {
        // The runtime also reads "1", "0x7f.1" and zones; only the one canonical spelling of IPv4 is taken.
        if (text is null || text.Contains('%') || !IPAddress.TryParse(text, out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text)
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && text.StartsWith('[')))
        {
            return new(path, "must be a literal IP address without zone, brackets or port");
        }

        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var first = address.GetAddressBytes()[0];
        return address switch
        {
            _ when address.Equals(IPAddress.IPv6Any) => new(path, "must be the address that peers dial, not ::"),
            { AddressFamily: AddressFamily.InterNetwork } when first == 0 =>
                new(path, "must be the address that peers dial, not 0.0.0.0 or its network"),
            { IsIPv6Multicast: true } => new(path, "must not be a multicast address"),
            { AddressFamily: AddressFamily.InterNetwork } when first >= 224 =>
                new(path, "must not be a multicast, reserved or broadcast address"),
            _ when MetadataServices.MayBeAt(address) => new(
                path, "must not be link-local, nor where a cloud's metadata service is (169.254.169.254 answers with credentials)"),
            _ => null,
        };
    }

    private static RegisterResult.Invalid? CheckName(WorkloadName name) =>
        !ResourceName.IsDnsLabel(name.Namespace) ? new("namespace", "must be a DNS label")
        : !ResourceName.IsDnsSubdomain(name.Name) ? new("name", "must be a DNS subdomain")
        : null;

    private static RegisterResult.Invalid? CheckPorts(WorkloadRegistration registration)
    {
        if (registration.Ports.Count > MaxPorts) return new("ports", $"must not be more than {MaxPorts}");
        if (registration.InboundPorts.Count > MaxPorts) return new("inboundPorts", $"must not be more than {MaxPorts}");
        foreach (var (name, port) in registration.Ports)
        {
            if (!ResourceName.IsDnsLabel(name)) return new("ports", "must be named by DNS labels");
            if (!IsPort(port)) return new($"ports.{name}", "must be 1 to 65535");
        }

        foreach (var (workloadPort, port) in registration.InboundPorts)
        {
            if (!IsPort(workloadPort) || !IsPort(port))
            {
                return new($"inboundPorts.{workloadPort}", "must be 1 to 65535");
            }
        }

        return null;
    }

    private static bool IsPort(int port) => port is >= 1 and <= 65_535;

    private static RegisterResult.Invalid? CheckLabels(WorkloadRegistration registration)
    {
        if (registration.Labels.Count > MaxLabels) return new("labels", $"must not be more than {MaxLabels}");
        foreach (var (key, value) in registration.Labels)
        {
            if (!ResourceName.IsLabelKey(key))
            {
                return new("labels", "has a key that is no label key: [subdomain/]name, name up to 63");
            }

            if (value is null || !ResourceName.IsLabelValue(value))
            {
                return new(
                    $"labels.{key}", "must be up to 63 letters, digits, '-', '_' and '.', alphanumeric at both ends");
            }
        }

        return null;
    }

    private static RegisterResult.Invalid? CheckIdentity(WorkloadName name, WorkloadRegistration registration)
    {
        if (!ResourceName.IsDnsSubdomain(registration.ServiceAccount)) return new("serviceAccount", "must be a DNS subdomain");
        if (registration.SpiffeId.Length == 0)
        {
            return registration.HasSidecar ? new("spiffeId", "is needed by a member with a sidecar") : null;
        }

        if (!SpiffeId.TryParse(registration.SpiffeId, out var id)) return new("spiffeId", "must be a SPIFFE ID");
        return id.Namespace == name.Namespace && id.ServiceAccount == registration.ServiceAccount
            ? null
            : new("spiffeId", $"must be that of service account {name.Namespace}/{registration.ServiceAccount}");
    }

    private static RegisterResult.Invalid? CheckTexts(WorkloadRegistration registration) =>
        !IsText(registration.Locality) ? new("locality", $"must be region/zone/sub-zone, up to {MaxText} characters")
        : !IsText(registration.Network) ? new("network", $"must be up to {MaxText} printable characters")
        : !IsText(registration.Group) ? new("group", $"must be up to {MaxText} printable characters")
        : null;

    private static bool IsText(string? text) =>
        text is not null && text.Length <= MaxText && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static RegisterResult.Invalid? CheckFigures(WorkloadRegistration registration) =>
        registration.Weight is < 1 or > MaxWeight ? new("weight", $"must be 1 to {MaxWeight}")
        : registration.Lease < _minLease || registration.Lease > _maxLease ? new("lease", "must be 1 s to 1 h")
        : null;
}
