using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Model.Topology;

/// <summary>Finds the services of a snapshot.</summary>
internal static class ServiceSources
{
    private const string DistributionAnnotation = "networking.istio.io/traffic-distribution";

    /// <summary>Annotation by which a Kubernetes Service says who sees it: a list with commas.</summary>
    private const string ExportToAnnotation = "networking.istio.io/exportTo";

    public static ImmutableArray<ServiceSource> From(MeshSnapshot snapshot)
    {
        var sources = new Dictionary<(string Host, string Namespace), ServiceSource>();
        var accounts = DeclaredAccounts.From(snapshot);
        foreach (var (resource, service) in snapshot.Of<KubernetesService>())
        {
            var source = FromKubernetes(resource, service, accounts);
            sources.Add((source.Service.Host, source.Service.Namespace), source);
        }

        foreach (var source in FromEntries(snapshot, accounts)) Merge(sources, source);
        var shared = snapshot.Of<ServiceExport>().Select(e => (e.Resource.Key.Namespace, e.Resource.Key.Name)).ToHashSet();
        foreach (var import in snapshot.Imports.Values)
        {
            AddImport(sources, import, shared.Contains((import.Namespace, import.Name)));
        }
        return [.. sources.Values
            .OrderBy(s => s.Service.Host, StringComparer.Ordinal)
            .ThenBy(s => s.Service.Namespace, StringComparer.Ordinal)];
    }

    private static ServiceSource FromKubernetes(
        ConfigResource resource, KubernetesService service, DeclaredAccounts accounts)
    {
        var headless = service.ClusterIp == "None";
        return new ServiceSource(
            new Service
            {
                Host = HostName.Of(resource.Key.Name, resource.Key.Namespace),
                Namespace = resource.Key.Namespace,
                Name = resource.Key.Name,
                Origin = ServiceOrigin.Kubernetes,
                Ports = [.. service.Ports.Select(PortOf)],
                Selector = service.Selector.IsEmpty ? null : service.Selector,
                Addresses = headless || service.ClusterIp.Length == 0 ? [] : [service.ClusterIp],
                IsHeadless = headless,
                TrafficDistribution = service.TrafficDistribution.Length > 0
                    ? service.TrafficDistribution
                    : resource.Annotations.GetValueOrDefault(DistributionAnnotation, ""),
                ExportTo = ExportTo(resource),
                ServiceAccounts = accounts.Of(resource, service.Selector.IsEmpty ? null : service.Selector),
            },
            AliasTarget(resource, service),
            []);
    }

    private static ServicePort PortOf(KubernetesServicePort port) => new(
        port.Name,
        port.Port,
        port.TargetPortName.Length > 0 ? 0 : port.TargetPort ?? port.Port,
        port.TargetPortName,
        AppProtocols.Of(port.AppProtocol, port.Name, port.Port, port.Protocol));

    /// <summary>An ExternalName service leads to the host behind it.</summary>
    private static ImmutableArray<Workload> AliasTarget(ConfigResource resource, KubernetesService service) =>
        service.Type != "ExternalName" || service.ExternalName.Length == 0
            ? []
            : [new Workload
            {
                Namespace = resource.Key.Namespace,
                Name = resource.Key.Name,
                Address = service.ExternalName,
            }];

    private static ImmutableArray<string> ExportTo(ConfigResource resource) =>
        resource.Annotations.TryGetValue(ExportToAnnotation, out var list)
            ? [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]
            : [];

    /// <summary>
    /// Older entries first: of two for one host and namespace the first decides, the later only adds.
    /// </summary>
    private static IEnumerable<ServiceSource> FromEntries(MeshSnapshot snapshot, DeclaredAccounts accounts) =>
        from pair in snapshot.Of<ServiceEntry>()
            .OrderBy(p => p.Resource, ConfigResource.ByAge)
        from host in pair.Spec.Hosts
        select FromEntry(
            pair.Resource.Key,
            pair.Spec,
            host.ToLowerInvariant(),
            accounts.Of(pair.Resource, pair.Spec.WorkloadSelector?.MatchLabels),
            snapshot);

    private static ServiceSource FromEntry(
        ConfigKey key, ServiceEntry entry, string host, ImmutableArray<string> accounts, MeshSnapshot snapshot) => new(
        new Service
        {
            Host = host,
            Namespace = key.Namespace,
            Name = key.Name,
            Origin = ServiceOrigin.ServiceEntry,
            Ports = [.. entry.Ports.Select(port => new ServicePort(
                port.Name,
                port.Number,
                port.TargetPort ?? port.Number,
                "",
                AppProtocols.Parse(port.Protocol) ?? AppProtocols.Of("", port.Name, port.Number)))],
            Selector = entry.WorkloadSelector?.MatchLabels,
            Addresses = [.. entry.Addresses.Select(AddressOf)],
            Resolution = entry.Resolution,
            IsExternal = entry.Location == ServiceLocation.MeshExternal,
            ExportTo = entry.ExportTo,
            SubjectAltNames = entry.SubjectAltNames,
            ServiceAccounts = accounts,
        },
        Listed(key, entry, host, snapshot),
        []);

    /// <summary>A network of one address is that address. Source: Istio, <c>convertServices</c>.</summary>
    private static string AddressOf(string address)
    {
        var suffix = address.Contains(':') ? "/128" : "/32";
        return address.EndsWith(suffix, StringComparison.Ordinal) ? address[..^suffix.Length] : address;
    }

    private static ImmutableArray<Workload> Listed(
        ConfigKey key,
        ServiceEntry entry,
        string host,
        MeshSnapshot snapshot)
    {
        if (entry.Endpoints.IsEmpty)
        {
            var byName = entry.Resolution is ServiceResolution.Dns or ServiceResolution.DnsRoundRobin
                && entry.WorkloadSelector is null;
            return byName ? [new Workload { Namespace = key.Namespace, Name = key.Name, Address = host }] : [];
        }

        return [.. entry.Endpoints.Select((endpoint, i) =>
            EntryWorkload.From(key.Namespace, $"{key.Name}-{i}", endpoint, EmptyMap.Text, snapshot))];
    }

    private static void Merge(Dictionary<(string Host, string Namespace), ServiceSource> sources, ServiceSource later)
    {
        var key = (later.Service.Host, later.Service.Namespace);
        if (!sources.TryGetValue(key, out var first))
        {
            sources.Add(key, later);
            return;
        }

        var added = later.Service.Ports.Where(p => first.Service.FindPort(p.Number) is null);
        sources[key] = first with
        {
            Service = first.Service with
            {
                Ports = [.. first.Service.Ports, .. added],
                ServiceAccounts =
                [
                    .. first.Service.ServiceAccounts.Union(later.Service.ServiceAccounts)
                        .Order(StringComparer.Ordinal),
                ],
            },
            Listed = [.. first.Listed, .. later.Listed],
        };
    }

    private static void AddImport(
        Dictionary<(string Host, string Namespace),
        ServiceSource> sources,
        ImportedService import,
        bool isShared)
    {
        var key = (HostName.Of(import.Name, import.Namespace), import.Namespace);
        if (sources.TryGetValue(key, out var known))
        {
            // A peer adds endpoints to a service of this mesh only where this mesh shares it too: both sides have agreed.
            if (known.Service.Origin != ServiceOrigin.Imported && !isShared) return;
            var service = known.Service;
            var added = import.Ports.Where(p => service.FindPort(p.Number) is null).Select(PortOf);
            var ports = service.Origin == ServiceOrigin.Imported ? [.. service.Ports, .. added] : service.Ports;
            sources[key] = known with
            {
                Service = service with { Ports = ports, Peers = [.. service.Peers, import.Peer] },
                Imports = [.. known.Imports, import],
            };
            return;
        }

        var imported = new Service
        {
            Host = key.Item1,
            Namespace = import.Namespace,
            Name = import.Name,
            Origin = ServiceOrigin.Imported,
            Ports = [.. import.Ports.Select(PortOf)],
            Peers = [import.Peer],
        };
        sources.Add(key, new ServiceSource(imported, [], [import]));
    }

    private static ServicePort PortOf(ImportedPort port) => new(
        port.Name, port.Number, port.TargetPort, "", AppProtocols.Of(port.AppProtocol, port.Name, port.Number));
}
