using System.Collections.Frozen;
using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>The services whose connections are carried as bytes, by the names and ports by which they are called.</summary>
public sealed class TcpServiceTable
{
    private readonly FrozenDictionary<(string Host, int Port), TcpServiceModel> _byHost;
    private readonly FrozenDictionary<int, TcpServiceModel[]> _byPort;
    private readonly FrozenDictionary<int, TcpServiceModel> _shared;

    /// <summary>Prepares the table.</summary>
    /// <exception cref="ArgumentException">
    /// Two services have one name and port, or are both shared by one port.
    /// </exception>
    public TcpServiceTable(IReadOnlyCollection<TcpServiceModel> services)
    {
        All = services;
        Services = [.. services.Where(service => !service.IsShared)];
        var shared = new Dictionary<int, TcpServiceModel>();
        foreach (var service in services.Where(service => service.IsShared))
        {
            if (shared.TryAdd(service.Port, service)) continue;
            throw new ArgumentException($"Port {service.Port} has two listeners for every address.", nameof(services));
        }

        var byHost = new Dictionary<(string, int), TcpServiceModel>();
        foreach (var service in services)
        {
            foreach (var host in service.Hosts)
            {
                if (byHost.TryAdd((host, service.Port), service)) continue;
                throw new ArgumentException(
                    $"'{service.Name}' and '{byHost[(host, service.Port)].Name}' both take {host}:{service.Port}.",
                    nameof(services));
            }
        }

        _byHost = byHost.ToFrozenDictionary();
        _byPort = Services.GroupBy(s => s.Port).ToFrozenDictionary(g => g.Key, g => g.ToArray());
        _shared = shared.ToFrozenDictionary();
    }

    /// <summary>A table that knows no service.</summary>
    public static TcpServiceTable Empty { get; } = new([]);

    /// <summary>Everything in the table.</summary>
    public IReadOnlyCollection<TcpServiceModel> All { get; }

    /// <summary>The services that are called by a name or an address.</summary>
    public IReadOnlyCollection<TcpServiceModel> Services { get; }

    /// <summary>The services of a port.</summary>
    public IReadOnlyList<TcpServiceModel> At(int port) => _byPort.GetValueOrDefault(port, []);

    /// <summary>What the services of a port share that have no address of their own; null for nothing.</summary>
    public TcpServiceModel? SharedAt(int port) => _shared.GetValueOrDefault(port);

    /// <summary>The service of a name, or of the longest wildcard above it; null when there is none.</summary>
    /// <param name="host">A name in lower case, or a literal address without brackets.</param>
    /// <param name="port">The port that is called.</param>
    public TcpServiceModel? Find(string host, int port)
    {
        if (_byHost.Count == 0) return null;
        if (_byHost.TryGetValue((host, port), out var service)) return service;
        if (IPAddress.TryParse(host, out _)) return null;
        for (var dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.', dot + 1))
        {
            if (_byHost.TryGetValue(($"*{host.AsSpan(dot)}", port), out service)) return service;
        }

        return null;
    }
}
