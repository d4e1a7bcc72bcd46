using System.Collections.Frozen;
using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>The services whose connections are carried as bytes, by the names and ports by which they are called.</summary>
public sealed class TcpServiceTable
{
    private readonly FrozenDictionary<(string Host, int Port), TcpServiceModel> _byHost;
    private readonly FrozenDictionary<int, TcpServiceModel[]> _byPort;

    /// <summary>Prepares the table.</summary>
    /// <exception cref="ArgumentException">Two services have one name and port.</exception>
    public TcpServiceTable(IReadOnlyCollection<TcpServiceModel> services)
    {
        Services = services;
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
        _byPort = services.GroupBy(s => s.Port).ToFrozenDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>A table that knows no service.</summary>
    public static TcpServiceTable Empty { get; } = new([]);

    /// <summary>The services.</summary>
    public IReadOnlyCollection<TcpServiceModel> Services { get; }

    /// <summary>The services of a port.</summary>
    public IReadOnlyList<TcpServiceModel> At(int port) => _byPort.GetValueOrDefault(port, []);

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
