using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of ServiceEntry.</summary>
internal static class ServiceEntryRules
{
    public static void Check(ServiceEntry entry, string ns, FieldPath spec, RuleReport report)
    {
        CheckHosts(entry, spec.At("hosts"), report);
        CheckAddresses(entry, spec.At("addresses"), report);
        CheckPorts(entry, spec.At("ports"), report);
        SelectorRules.CheckSelector(entry.WorkloadSelector, spec.At("workloadSelector"), "labels", report);
        if (entry.WorkloadSelector is not null && !entry.Endpoints.IsEmpty)
        {
            report.Error(spec, "only one of WorkloadSelector or Endpoints is allowed in Service Entry");
        }

        CheckResolution(entry, spec, report);
        foreach (var (i, endpoint) in entry.Endpoints.Index())
        {
            CheckEndpoint(entry, endpoint, spec.At("endpoints").At(i), report);
        }

        HostRules.CheckExportTo(entry.ExportTo, ns, spec.At("exportTo"), report);
    }

    private static void CheckHosts(ServiceEntry entry, FieldPath path, RuleReport report)
    {
        report.ErrorIf(entry.Hosts.IsEmpty, path, "service entry must have at least one host");
        foreach (var (i, host) in entry.Hosts.Index())
        {
            var last = host[(host.LastIndexOf('.') + 1)..];
            if (host == "*") report.Error(path.At(i), "invalid host *");
            else if (last.Length > 0 && last.All(char.IsAsciiDigit))
            {
                report.Error(path.At(i), $"invalid top level domain \"{last}\", which cannot be all-numeric; an address goes to addresses");
            }
            else HostRules.CheckWildcard(host, path.At(i), report);
        }
    }

    private static void CheckAddresses(ServiceEntry entry, FieldPath path, RuleReport report)
    {
        foreach (var (i, address) in entry.Addresses.Index())
        {
            if (!ValueRules.IsAddressOrBlock(address))
            {
                report.Error(path.At(i), $"{address} is not a valid IP address or CIDR");
            }
            else if (address.Contains('/') && entry.Resolution is not (ServiceResolution.None or ServiceResolution.Static))
            {
                report.Error(path.At(i), "CIDR addresses are allowed only for NONE/STATIC resolution types");
            }
        }
    }

    private static void CheckPorts(ServiceEntry entry, FieldPath path, RuleReport report)
    {
        report.ErrorIf(entry.Ports.IsEmpty, path, "service entry must have at least one port");
        foreach (var (i, port) in entry.Ports.Index())
        {
            PortRules.Check(port, path.At(i), true, report);
            var before = entry.Ports.AsSpan(0, i);
            foreach (var other in before)
            {
                if (port.Name.Length > 0 && other.Name == port.Name)
                {
                    report.Error(path.At(i).At("name"), $"service entry port name \"{port.Name}\" already defined");
                }

                if (other.Number == port.Number)
                {
                    report.Error(path.At(i).At("number"), $"service entry port {port.Number} already defined");
                }
            }
        }
    }

    private static void CheckResolution(ServiceEntry entry, FieldPath spec, RuleReport report)
    {
        var (hosts, endpoints) = (spec.At("hosts"), spec.At("endpoints"));
        switch (entry.Resolution)
        {
            case ServiceResolution.None when !entry.Endpoints.IsEmpty:
                report.Error(endpoints, "no endpoints should be provided for resolution type none");
                break;
            case ServiceResolution.DnsRoundRobin when entry.Endpoints.Length > 1:
                report.Error(endpoints, "there must only be 0 or 1 endpoint for resolution mode DNS_ROUND_ROBIN");
                break;
            case ServiceResolution.Dns or ServiceResolution.DnsRoundRobin
                when entry.Endpoints.IsEmpty && entry.WorkloadSelector is null:
                foreach (var (i, host) in entry.Hosts.Index())
                {
                    report.ErrorIf(
                        host.StartsWith('*'),
                        hosts.At(i),
                        "hosts must be FQDN if no endpoints are provided for resolution mode DNS");
                }

                break;
            case ServiceResolution.DynamicDns:
                CheckDynamicDns(entry, spec, report);
                break;
        }
    }

    private static void CheckDynamicDns(ServiceEntry entry, FieldPath spec, RuleReport report)
    {
        foreach (var (i, host) in entry.Hosts.Index())
        {
            report.ErrorIf(
                !host.StartsWith("*.", StringComparison.Ordinal),
                spec.At("hosts").At(i),
                "host must be wildcarded for resolution mode DYNAMIC_DNS");
        }

        foreach (var (i, port) in entry.Ports.Index())
        {
            report.ErrorIf(
                !PortRules.Is(port, "HTTP", "HTTPS", "TLS", "GRPC", "HTTP2"),
                spec.At("ports").At(i).At("protocol"),
                "only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution mode DYNAMIC_DNS");
        }

        report.ErrorIf(
            !entry.Endpoints.IsEmpty, spec.At("endpoints"), "no endpoints should be provided for resolution mode DYNAMIC_DNS");
    }

    private static void CheckEndpoint(ServiceEntry entry, WorkloadEntry endpoint, FieldPath path, RuleReport report)
    {
        WorkloadRules.CheckEntry(endpoint, path, report);
        var isSocket = endpoint.Address.StartsWith(WorkloadRules.UnixScheme, StringComparison.Ordinal);
        if (entry.Resolution == ServiceResolution.Static && !isSocket && endpoint.Address.Length > 0
            && !ValueRules.IsAddress(endpoint.Address))
        {
            report.Error(path.At("address"), $"endpoint address \"{endpoint.Address}\" is not a valid IP address");
        }

        foreach (var name in endpoint.Ports.Keys.Where(name => entry.Ports.All(port => port.Name != name)))
        {
            report.Error(path.At("ports").At(name), $"endpoint port {name} is not defined by the service entry");
        }
    }
}
