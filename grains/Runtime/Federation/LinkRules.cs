using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Grains.Federation;

/// <summary>What terms and imports must be. Nothing here throws: imports come from another mesh.</summary>
internal static class LinkRules
{
    private const int MaxServices = 10_000;
    private const int MaxEndpoints = 10_000;
    private const int MaxPorts = 64;
    private const int MaxAddress = 2048;

    /// <summary>
    /// What is wrong with the terms, apart from the trust domain and its roots; null when nothing is.
    /// </summary>
    public static string? WhyNot(string link, LinkTerms terms) =>
        !ResourceName.IsDnsSubdomain(link) ? "The link's name must be a DNS subdomain."
        : !IsAddress(terms.Address) ? "The address must be host:port, or an https or http URI without user name."
        : terms.OutboundCredential.Length == 0 || terms.InboundCredentialHash.Length == 0
            ? "Both sides need a credential."
        : null;

    /// <summary>Reads what the other mesh exports, as this mesh's own services under the link's name.</summary>
    public static bool TryRead(
        string link,
        TrustDomain domain,
        ImmutableArray<string> payloads,
        out ImmutableArray<ImportedService> services,
        [NotNullWhen(false)] out string? reason)
    {
        services = [];
        reason = null;
        if (payloads.IsDefault) return true;
        if (payloads.Length > MaxServices) return Refuse($"More than {MaxServices} services are exported.", out reason);
        var read = ImmutableArray.CreateBuilder<ImportedService>(payloads.Length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var payload in payloads)
        {
            if (TryReadOne(payload) is not { } service)
            {
                return Refuse("An exported service cannot be read.", out reason);
            }

            if (WhyNot(service, domain) is { } fault) return Refuse(fault, out reason);
            if (!names.Add($"{service.Namespace}/{service.Name}"))
            {
                return Refuse($"{service.Namespace}/{service.Name} is exported twice.", out reason);
            }

            read.Add(service with { Peer = link });
        }

        services = read.ToImmutable();
        return true;
    }

    private static ImportedService? TryReadOne(string payload)
    {
        try
        {
            return SnapshotPayload.ReadImport(payload);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? WhyNot(ImportedService service, TrustDomain domain)
    {
        var name = $"{service.Namespace}/{service.Name}";
        if (!ResourceName.IsDnsLabel(service.Namespace) || !ResourceName.IsDnsSubdomain(service.Name))
        {
            return "An exported service has no valid name.";
        }

        if (service.Ports.IsDefault || service.Ports.Length > MaxPorts)
        {
            return $"{name} has more than {MaxPorts} ports, or no list of them.";
        }

        if (service.Ports.Any(p => p is null || !IsPort(p.Number) || !IsPort(p.TargetPort)))
        {
            return $"{name} has a port that is none.";
        }

        if (service.Endpoints.IsDefault || service.Endpoints.Length > MaxEndpoints)
        {
            return $"{name} has too many endpoints, or no list of them.";
        }

        return service.Endpoints.Select(e => WhyNot(e, domain)).OfType<string>().FirstOrDefault() is { } fault
            ? $"{name} has an endpoint that {fault}."
            : null;
    }

    private static string? WhyNot(Workload? endpoint, TrustDomain domain) =>
        endpoint is null ? "is none"
        : RegistrationRules.CheckAddress("address", endpoint.Address) is not null ? "has no address that can be dialled"
        : endpoint.Weight < 1 ? "has no weight"
        : endpoint.InboundPorts.Any(p => !IsPort(p.Key) || !IsPort(p.Value))
            || endpoint.Ports.Values.Any(p => !IsPort(p))
            ? "has a port that is none"
        : endpoint.Identity is { } id && id.TrustDomain != domain ? $"claims an identity outside of {domain}"
        : endpoint.Identity is null && endpoint.HasSidecar ? "has a sidecar but no identity"
        : null;

    private static bool IsAddress(string text)
    {
        if (text.Length is 0 or > MaxAddress) return false;
        var uri = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
        return Uri.TryCreate(uri, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            && address.UserInfo.Length == 0;
    }

    private static bool IsPort(int port) => port is >= 1 and <= 65_535;

    private static bool Refuse(string why, out string reason)
    {
        reason = why;
        return false;
    }
}
